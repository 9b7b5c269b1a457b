using Hv.Sdk.Block;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>What a format asked of its file.</summary>
internal enum FileOperation : byte
{
    Read,
    Write,
    Flush,
    Resize,
    PunchHole,
    WriteZeroes,
}

/// <summary>A host file in memory that knows what would survive a power cut: of what was not flushed any sectors, in
/// any order. Can be told to fail, and is full at 64 MiB. Any thread.</summary>
internal sealed class CrashFile(ReadOnlySpan<byte> contents) : IHostFile
{
    private const int TornBytes = 512;
    private const long MostBytes = 64 << 20;
    private readonly Lock gate = new();
    private readonly List<(long Offset, byte[] Bytes)> unflushed = [];
    private byte[] bytes = contents.ToArray();
    private byte[] durable = contents.ToArray();

    /// <summary>Asked before each operation; what it answers other than Ok is what the operation ends with, with no
    /// effect.</summary>
    public Func<FileOperation, BlockStatus> Intercept { get; set; } = static _ => BlockStatus.Ok;
    /// <summary>Operations so far.</summary>
    public int Operations { get; private set; }
    /// <summary>Operations so far that may change the file.</summary>
    public int Changes { get; private set; }
    /// <summary>Whether somebody closed it.</summary>
    public bool IsDisposed { get; private set; }
    /// <summary>Gives other threads their turn inside of each operation.</summary>
    public bool Yields { get; init; }

    /// <inheritdoc/>
    public string Path { get; init; } = "/nowhere/conformance.img";
    /// <inheritdoc/>
    public int SectorBytes { get; init; } = 512;
    /// <inheritdoc/>
    public bool CanPunchHoles { get; init; } = true;

    /// <inheritdoc/>
    public long LengthBytes
    {
        get
        {
            lock (gate) return bytes.Length;
        }
    }

    /// <summary>The file as other programs see it now.</summary>
    public byte[] Snapshot()
    {
        lock (gate) return (byte[])bytes.Clone();
    }

    /// <summary>The file after a power cut.</summary>
    public byte[] AfterPowerCut(Random random)
    {
        lock (gate)
        {
            byte[] left = (byte[])durable.Clone();
            int percentKept = random.Next(5) * 25;
            foreach ((long offset, byte[] change) in unflushed)
            {
                for (int at = 0; at < change.Length;)
                {
                    // A host's cache loses whole sectors, which lie on their own boundaries.
                    int length = (int)Math.Min(TornBytes - ((offset + at) % TornBytes), change.Length - at);
                    if (random.Next(100) < percentKept) Put(ref left, offset + at, change.AsSpan(at, length));
                    at += length;
                }
            }
            return left;
        }
    }

    private static void Put(ref byte[] file, long offset, ReadOnlySpan<byte> from)
    {
        if (offset + from.Length > file.Length) Array.Resize(ref file, (int)(offset + from.Length));
        from.CopyTo(file.AsSpan((int)offset));
    }

    private BlockStatus Begin(FileOperation operation)
    {
        if (Yields) Thread.Yield();
        Operations++;
        if (operation is not (FileOperation.Read or FileOperation.Flush)) Changes++;
        return Intercept(operation);
    }

    /// <inheritdoc/>
    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        lock (gate)
        {
            BlockStatus status = Begin(FileOperation.Read);
            if (status != BlockStatus.Ok) return status;
            if (offsetBytes < 0) return BlockStatus.IoError;
            to.Clear();
            if (offsetBytes < bytes.Length)
            {
                int count = (int)Math.Min(to.Length, bytes.Length - offsetBytes);
                bytes.AsSpan((int)offsetBytes, count).CopyTo(to);
            }
            return BlockStatus.Ok;
        }
    }

    /// <inheritdoc/>
    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        if (Yields) Thread.Yield();
        lock (gate)
        {
            BlockStatus status = Begin(FileOperation.Write);
            if (status != BlockStatus.Ok) return status;
            if (offsetBytes < 0) return BlockStatus.IoError;
            if (offsetBytes > MostBytes - from.Length) return BlockStatus.NoSpace;
            unflushed.Add((offsetBytes, from.ToArray()));
            Put(ref bytes, offsetBytes, from);
            return BlockStatus.Ok;
        }
    }

    /// <inheritdoc/>
    public BlockStatus Flush()
    {
        lock (gate)
        {
            BlockStatus status = Begin(FileOperation.Flush);
            if (status != BlockStatus.Ok) return status;
            durable = (byte[])bytes.Clone();
            unflushed.Clear();
            return BlockStatus.Ok;
        }
    }

    /// <inheritdoc/>
    public BlockStatus Resize(long lengthBytes)
    {
        lock (gate)
        {
            BlockStatus status = Begin(FileOperation.Resize);
            if (status != BlockStatus.Ok) return status;
            if (lengthBytes is < 0 or > MostBytes) return BlockStatus.NoSpace;

            // File systems journal lengths in order: a cut leaves the new one.
            Array.Resize(ref bytes, (int)lengthBytes);
            Array.Resize(ref durable, (int)lengthBytes);
            unflushed.RemoveAll(c => c.Offset >= lengthBytes);
            return BlockStatus.Ok;
        }
    }

    /// <inheritdoc/>
    public BlockStatus PunchHole(long offsetBytes, long lengthBytes) =>
        CanPunchHoles ? Zero(FileOperation.PunchHole, offsetBytes, lengthBytes) : BlockStatus.Unsupported;

    /// <inheritdoc/>
    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes) =>
        Zero(FileOperation.WriteZeroes, offsetBytes, lengthBytes);

    private BlockStatus Zero(FileOperation operation, long offsetBytes, long lengthBytes)
    {
        lock (gate)
        {
            BlockStatus status = Begin(operation);
            if (status != BlockStatus.Ok) return status;
            if (offsetBytes < 0) return BlockStatus.IoError;
            long inside = Math.Min(lengthBytes, bytes.Length - offsetBytes);
            if (inside <= 0) return BlockStatus.Ok;
            unflushed.Add((offsetBytes, new byte[inside]));
            bytes.AsSpan((int)offsetBytes, (int)inside).Clear();
            return BlockStatus.Ok;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => IsDisposed = true;
}
