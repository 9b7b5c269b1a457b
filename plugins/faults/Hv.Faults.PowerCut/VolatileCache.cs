using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Forwarding;

namespace Hv.Faults.PowerCut;

#pragma warning disable HVA0003 // not on a strand: an image is called on I/O threads, and a cut comes from another one

/// <summary>A disk with a volatile write cache: what was written since the last flush lies in the cache and may reach
/// the medium at any time, in any order, or never; what a completed flush covers is on the medium (virtio 1.2,
/// 5.2.6.2). Reads see the newest. A flush takes the cache to the medium in order.</summary>
internal sealed class VolatileCache(IDiskImage inner, PowerCutOptions options, Action<CutPoint> reached)
    : ForwardingDiskImage(inner)
{
    private readonly Lock gate = new();
    private readonly LinkedList<CachedWrite> writes = new();
    private readonly Dictionary<long, CachedWrite> newest = []; // by sector
    private long cachedBytes;
    private bool isOff;

    /// <summary>One write of the guest since the last flush.</summary>
    private sealed record CachedWrite(long OffsetBytes, byte[] Bytes);

    public override bool IsConcurrent => false;

    public override BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        lock (gate)
        {
            if (isOff) return BlockStatus.IoError;
            BlockStatus status = Inner.Read(offsetBytes, to);
            if (status != BlockStatus.Ok || writes.Count == 0) return status;
            for (int at = 0; at < to.Length; at += SectorBytes)
            {
                long sector = offsetBytes + at;
                if (newest.TryGetValue(sector, out CachedWrite? write))
                    write.Bytes.AsSpan((int)(sector - write.OffsetBytes), SectorBytes).CopyTo(to[at..]);
            }
            return BlockStatus.Ok;
        }
    }

    public override BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        BlockStatus status;
        lock (gate)
        {
            if (isOff) return BlockStatus.IoError;
            Add(offsetBytes, from.ToArray());
            status = TakeDown(options.Cache);
        }
        reached(CutPoint.Write);
        return status;
    }

    public override BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
    {
        if (lengthBytes <= options.Cache / 2) return Write(offsetBytes, new byte[lengthBytes]);
        lock (gate)
        {
            if (isOff) return BlockStatus.IoError;
            // Too long to be kept: it goes to the medium at once, behind all that came before it.
            BlockStatus status = TakeDown(0);
            if (status == BlockStatus.Ok) status = Inner.WriteZeroes(offsetBytes, lengthBytes, mayUnmap);
            if (status != BlockStatus.Ok) return status;
        }
        reached(CutPoint.Write);
        return BlockStatus.Ok;
    }

    // What a discarded range holds is undefined until it is written again, so that nothing need be kept of it.
    public override BlockStatus Discard(long offsetBytes, long lengthBytes)
    {
        lock (gate)
        {
            if (isOff) return BlockStatus.IoError;
            BlockStatus status = TakeDown(0);
            return status == BlockStatus.Ok ? Inner.Discard(offsetBytes, lengthBytes) : status;
        }
    }

    public override BlockStatus Flush()
    {
        reached(CutPoint.Flush);
        lock (gate)
        {
            if (isOff) return BlockStatus.IoError;
            BlockStatus status = TakeDown(0);
            return status == BlockStatus.Ok ? Inner.Flush() : status;
        }
    }

    private void Add(long offsetBytes, byte[] bytes)
    {
        CachedWrite write = new(offsetBytes, bytes);
        writes.AddLast(write);
        cachedBytes += bytes.Length;
        for (int at = 0; at < bytes.Length; at += SectorBytes) newest[offsetBytes + at] = write;
    }

    /// <summary>Writes the oldest through until no more than so many bytes are left.</summary>
    private BlockStatus TakeDown(long toBytes)
    {
        while (cachedBytes > toBytes && writes.First is { Value: { } write })
        {
            BlockStatus status = Inner.Write(write.OffsetBytes, write.Bytes);
            if (status != BlockStatus.Ok) return status;
            writes.RemoveFirst();
            cachedBytes -= write.Bytes.Length;
            for (int at = 0; at < write.Bytes.Length; at += SectorBytes)
            {
                if (newest.GetValueOrDefault(write.OffsetBytes + at) == write) newest.Remove(write.OffsetBytes + at);
            }
        }
        return BlockStatus.Ok;
    }

    /// <summary>The power fails: draws what reaches the medium of what was not flushed, writes it, and answers nothing
    /// any more. Gives for people what was kept and lost.</summary>
    public string Cut(IEntropy entropy)
    {
        lock (gate)
        {
            isOff = true;
            (int kept, int all) = options.Torn ? KeepSectors(entropy) : KeepWrites(entropy);
            BlockStatus status = Inner.Flush();
            string what = options.Torn ? "sectors" : "writes";
            string end = status == BlockStatus.Ok ? "" : $"; the image could not be flushed ({status})";
            return $"{writes.Count} writes were not flushed: of {all} {what} {kept} reached the medium{end}";
        }
    }

    // Each sector holds what was there at the last flush, or any version that was written since: a version may have
    // gone down before it was overwritten in the cache.
    private (int Kept, int All) KeepSectors(IEntropy entropy)
    {
        SortedDictionary<long, List<CachedWrite>> versions = [];
        foreach (CachedWrite write in writes)
        {
            for (int at = 0; at < write.Bytes.Length; at += SectorBytes)
            {
                long sector = write.OffsetBytes + at;
                if (!versions.TryGetValue(sector, out List<CachedWrite>? list)) versions.Add(sector, list = []);
                list.Add(write);
            }
        }
        int kept = 0;
        foreach ((long sector, List<CachedWrite> list) in versions)
        {
            int chosen = (int)entropy.Below((ulong)list.Count + 1);
            if (chosen == list.Count) continue;
            kept++;
            CachedWrite write = list[chosen];
            _ = Inner.Write(sector, write.Bytes.AsSpan((int)(sector - write.OffsetBytes), SectorBytes));
        }
        return (kept, versions.Count);
    }

    // A subset of the writes, in an order of its own (Fisher and Yates's shuffle).
    private (int Kept, int All) KeepWrites(IEntropy entropy)
    {
        CachedWrite[] order = [.. writes];
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)entropy.Below((ulong)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        int kept = 0;
        foreach (CachedWrite write in order)
        {
            if (entropy.Below(2) == 0) continue;
            kept++;
            _ = Inner.Write(write.OffsetBytes, write.Bytes);
        }
        return (kept, order.Length);
    }

    /// <summary>A machine that ends in peace loses nothing.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (gate)
        {
            if (!isOff) _ = TakeDown(0);
        }
        base.Dispose(disposing);
    }
}
