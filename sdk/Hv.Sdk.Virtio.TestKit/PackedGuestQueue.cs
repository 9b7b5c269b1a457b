namespace Hv.Sdk.Virtio.TestKit;

/// <summary>The driver's side of a packed queue (virtio 1.2, 2.8).</summary>
public sealed class PackedGuestQueue : GuestQueue
{
    private readonly Stack<int> freeIds = new();
    private readonly Dictionary<int, int> counts = [];
    private int freeEntries;
    private int next;
    private bool nextWrap = true;
    private int added;
    private int used;
    private bool usedWrap = true;

    /// <summary>A queue whose area begins at <paramref name="start"/>.</summary>
    public PackedGuestQueue(VirtioGuest guest, int index, int size, ulong start) : base(guest, index, size, start)
    {
        freeEntries = size;
        for (int i = size - 1; i >= 0; i--) freeIds.Push(i);
    }

    /// <inheritdoc/>
    public override ulong Driver => Descriptors + 16u * (uint)Size;
    /// <inheritdoc/>
    public override ulong Device => Driver + 4;

    /// <inheritdoc/>
    public override int? TryAdd(IReadOnlyList<GuestSegment> segments, ulong? table)
    {
        ArgumentNullException.ThrowIfNull(segments);
        int count = table is null ? segments.Count : 1;
        if (freeEntries < count) return null;
        int id = freeIds.Pop();
        ulong first = Descriptors + 16u * (uint)next;
        int firstFlags = 0;
        for (int i = 0; i < count; i++)
        {
            GuestSegment s = table is ulong t ? new GuestSegment(t, 16 * segments.Count, false) : segments[i];
            int flags = (i + 1 < count ? 1 : 0) | (s.IsWritable ? 2 : 0) | (table is null ? 0 : 4)
                | (nextWrap ? 0x80 : 0x8000);
            ulong at = Descriptors + 16u * (uint)next;
            // 2.8.6: the first descriptor's flags are written last.
            if (i == 0) firstFlags = flags;
            PutDescriptor(at, s, id, i == 0 ? Get16(at + 14) : flags);
            if (++next == Size) (next, nextWrap) = (0, !nextWrap);
        }
        if (table is ulong address)
        {
            for (int i = 0; i < segments.Count; i++)
                PutDescriptor(address + 16u * (uint)i, segments[i], 0, segments[i].IsWritable ? 2 : 0);
        }
        Put16(first + 14, firstFlags);
        freeEntries -= count;
        counts[id] = count;
        added += count;
        return id;
    }

    /// <inheritdoc/>
    protected override bool IsNotificationWanted()
    {
        (int old, added) = (next - added, 0);
        int flags = Get16(Device + 2) & 3;
        if (flags != 2) return flags == 0;
        int wish = Get16(Device);
        int position = wish & 0x7fff;
        if ((wish & 0x8000) != 0 != nextWrap) position -= Size;
        return IsPassed(position, next, old);
    }

    /// <inheritdoc/>
    public override UsedBuffer? TryTake()
    {
        ulong at = Descriptors + 16u * (uint)used;
        int flags = Get16(at + 14);
        if ((flags & 0x80) != 0 != usedWrap || (flags & 0x8000) != 0 != usedWrap) return null;
        int id = Get16(at + 12);
        if (!counts.Remove(id, out int count)) throw new ContractException(
            $"queue {Index}: buffer {id} came back, which is not in use");
        used += count;
        if (used >= Size) (used, usedWrap) = (used - Size, !usedWrap);
        freeIds.Push(id);
        freeEntries += count;
        return new UsedBuffer(id, (flags & 2) != 0 ? Get32(at + 8) : 0);
    }

    /// <inheritdoc/>
    public override void WantInterrupt()
    {
        Put16(Driver, used | (usedWrap ? 0x8000 : 0));
        Put16(Driver + 2, Guest.HasEventIndex ? 2 : 0);
    }

    /// <inheritdoc/>
    public override void RefuseInterrupts() => Put16(Driver + 2, 1);
}
