using Hv.Sdk.Block;
using Hv.Sdk.Memory;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>A disk in memory. Requests wait until <see cref="Complete"/>, or end with the step when
/// <see cref="IsPrompt"/>. Requests in flight are carried over to restored twins, as the core does.</summary>
public sealed class BenchDisk(DeviceBench bench, int lengthBytes) : IBlockPort, IBenchPart
{
    private readonly List<Request> pending = [];
    private IBlockListener? listener;

    /// <summary>The contents.</summary>
    public byte[] Bytes { get; private set; } = new byte[lengthBytes];
    /// <summary>Requests end with the step in which they were submitted.</summary>
    public bool IsPrompt { get; set; } = true;
    /// <summary>What the next requests end with; the medium is left alone unless it is Ok.</summary>
    public BlockStatus Outcome { get; set; }
    /// <summary>Requests in flight, by operation.</summary>
    public IReadOnlyList<BlockOperation> Pending => [.. pending.Select(r => r.Asked.Operation)];
    /// <summary>Every operation that was carried out, in order.</summary>
    public List<BlockOperation> Log { get; } = [];

    /// <inheritdoc/>
    public long LengthBytes => Bytes.Length;
    /// <inheritdoc/>
    public int SectorBytes { get; init; } = 512;
    /// <inheritdoc/>
    public int PhysicalBlockBytes => 4096;
    /// <inheritdoc/>
    public bool IsReadOnly { get; init; }
    /// <inheritdoc/>
    public bool CanDiscard => !IsReadOnly;
    /// <inheritdoc/>
    public string Serial => "bench-disk";
    /// <inheritdoc/>
    public int MaxInFlight { get; init; } = 4;
    /// <inheritdoc/>
    public int MaxSegments => 64;

    /// <inheritdoc/>
    public void Listen(IBlockListener to) => listener = to;

    /// <inheritdoc/>
    public bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        if (pending.Count == MaxInFlight) return false;
        ulong tag = request.Tag;
        if (pending.Exists(r => r.Asked.Tag == tag)) throw new ContractException($"tag {tag} is in flight already");
        if (segments.Length > MaxSegments) throw new ContractException(
            $"{segments.Length} segments are more than {MaxSegments}");
        pending.Add(new Request(request, segments.ToArray()));
        if (IsPrompt) bench.Context.Strand.Post(() => Complete(0));
        return true;
    }

    /// <inheritdoc/>
    public void Abandon(ulong tag) => pending.RemoveAll(r => r.Asked.Tag == tag);

    /// <summary>Ends one of the requests in flight; false when there is no such.</summary>
    public bool Complete(int index)
    {
        if (index >= pending.Count) return false;
        Request r = pending[index];
        pending.RemoveAt(index);
        BlockStatus status = Outcome == BlockStatus.Ok ? CarryOut(r) : Outcome;
        listener?.Completed(r.Asked.Tag, status);
        return true;
    }

    /// <summary>Changes the size.</summary>
    public void Resize(int newLengthBytes)
    {
        byte[] bytes = Bytes;
        Array.Resize(ref bytes, newLengthBytes);
        Bytes = bytes;
        listener?.Resized();
    }

    /// <summary>As the core on a reset of the machine: nothing of before completes.</summary>
    public void Forget() => pending.Clear();

    private BlockStatus CarryOut(Request r)
    {
        BlockRequest asked = r.Asked;
        if (asked.Operation != BlockOperation.Flush && (asked.OffsetBytes < 0 || asked.LengthBytes < 0
            || asked.OffsetBytes > LengthBytes - asked.LengthBytes
                || (asked.OffsetBytes | asked.LengthBytes) % SectorBytes != 0))
            return BlockStatus.OutOfRange;
        if (IsReadOnly && asked.Operation
            is not (BlockOperation.Read or BlockOperation.Flush)) return BlockStatus.ReadOnly;
        Log.Add(asked.Operation);
        switch (asked.Operation)
        {
            case BlockOperation.Read or BlockOperation.Write: return Move(r);
            case BlockOperation.Flush: return BlockStatus.Ok;
            default:
                Bytes.AsSpan((int)asked.OffsetBytes, (int)asked.LengthBytes).Clear();
                return BlockStatus.Ok;
        }
    }

    private BlockStatus Move(Request r)
    {
        Span<byte> sectors = Bytes.AsSpan((int)r.Asked.OffsetBytes, (int)r.Asked.LengthBytes);
        foreach (DmaSegment s in r.Segments)
        {
            if (s.LengthBytes > sectors.Length) return BlockStatus.IoError;
            Span<byte> part = sectors[..(int)s.LengthBytes];
            bool isDone = r.Asked.Operation == BlockOperation.Read
                ? bench.Memory.TryWrite(s.Address, part) : bench.Memory.TryRead(s.Address, part);
            if (!isDone) return BlockStatus.IoError;
            sectors = sectors[part.Length..];
        }
        return sectors.IsEmpty ? BlockStatus.Ok : BlockStatus.IoError;
    }

    /// <inheritdoc/>
    public void CopyFrom(IBenchPart other)
    {
        BenchDisk from = (BenchDisk)other;
        Bytes = (byte[])from.Bytes.Clone();
        pending.Clear();
        pending.AddRange(from.pending);
        (IsPrompt, Outcome) = (from.IsPrompt, from.Outcome);
        Log.Clear();
        Log.AddRange(from.Log);
    }

    /// <inheritdoc/>
    public string? Difference(IBenchPart other)
    {
        BenchDisk with = (BenchDisk)other;
        return !Bytes.AsSpan().SequenceEqual(with.Bytes) ? "the disks' contents differ"
            : !Pending.SequenceEqual(with.Pending)
                ? $"requests in flight: {pending.Count} / {with.pending.Count}" : null;
    }

    private sealed record Request(BlockRequest Asked, DmaSegment[] Segments);
}
