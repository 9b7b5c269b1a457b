using Hv.Sdk.Block;

namespace Hv.Disks.Raw.Tests;

/// <summary>A host file in memory that knows which ranges are holes and records what it was asked.</summary>
internal sealed class MemoryFile(int lengthBytes) : IHostFile
{
    public byte[] Bytes { get; private set; } = new byte[lengthBytes];
    public List<string> Calls { get; } = [];
    public string Path => "disk.raw";
    public long LengthBytes => Bytes.Length;
    public int SectorBytes { get; init; } = 512;
    public bool CanPunchHoles { get; init; } = true;

    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        to.Clear();
        if (offsetBytes < Bytes.Length)
        {
            int count = (int)Math.Min(to.Length, Bytes.Length - offsetBytes);
            Bytes.AsSpan((int)offsetBytes, count).CopyTo(to);
        }
        return BlockStatus.Ok;
    }

    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        if (offsetBytes + from.Length > Bytes.Length) _ = Resize(offsetBytes + from.Length);
        from.CopyTo(Bytes.AsSpan((int)offsetBytes));
        return BlockStatus.Ok;
    }

    public BlockStatus Flush() => Note("flush");

    public BlockStatus Resize(long newLengthBytes)
    {
        byte[] bytes = Bytes;
        Array.Resize(ref bytes, (int)newLengthBytes);
        Bytes = bytes;
        return BlockStatus.Ok;
    }

    public BlockStatus PunchHole(long offsetBytes, long holeBytes)
    {
        if (!CanPunchHoles) return BlockStatus.Unsupported;
        Bytes.AsSpan((int)offsetBytes, (int)holeBytes).Clear();
        return Note($"punch {offsetBytes}+{holeBytes}");
    }

    public BlockStatus WriteZeroes(long offsetBytes, long zeroBytes)
    {
        Bytes.AsSpan((int)offsetBytes, (int)zeroBytes).Clear();
        return Note($"zero {offsetBytes}+{zeroBytes}");
    }

    public void Dispose() => Calls.Add("dispose");

    private BlockStatus Note(string call)
    {
        Calls.Add(call);
        return BlockStatus.Ok;
    }
}
