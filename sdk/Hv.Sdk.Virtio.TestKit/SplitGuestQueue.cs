namespace Hv.Sdk.Virtio.TestKit;

/// <summary>The driver's side of a split queue (virtio 1.2, 2.7).</summary>
public sealed class SplitGuestQueue : GuestQueue
{
    private readonly Stack<int> free = new();
    private readonly Dictionary<int, List<int>> chains = [];
    private ushort available;
    private ushort announced;
    private ushort used;

    /// <summary>A queue whose area begins at <paramref name="start"/>.</summary>
    public SplitGuestQueue(VirtioGuest guest, int index, int size, ulong start) : base(guest, index, size, start)
    {
        for (int i = size - 1; i >= 0; i--) free.Push(i);
    }

    /// <inheritdoc/>
    public override ulong Driver => Descriptors + 16u * (uint)Size;
    /// <inheritdoc/>
    public override ulong Device => Driver + 6 + 2u * (uint)Size + 3 & ~3ul;

    private ulong UsedEvent => Driver + 4 + 2u * (uint)Size;
    private ulong AvailableEvent => Device + 4 + 8u * (uint)Size;

    /// <inheritdoc/>
    public override int? TryAdd(IReadOnlyList<GuestSegment> segments, ulong? table)
    {
        ArgumentNullException.ThrowIfNull(segments);
        if (free.Count < (table is null ? segments.Count : 1)) return null;
        List<int> chain = [];
        if (table is ulong address)
        {
            for (int i = 0; i < segments.Count; i++)
                PutDescriptor(address + 16u * (uint)i, segments[i], Flags(segments, i), i + 1);
            chain.Add(free.Pop());
            PutDescriptor(Descriptors + 16u * (uint)chain[0], new GuestSegment(address, 16 * segments.Count, false), 4,
                0);
        }
        else
        {
            for (int i = 0; i < segments.Count; i++) chain.Add(free.Pop());
            for (int i = 0; i < segments.Count; i++)
                PutDescriptor(Descriptors + 16u * (uint)chain[i], segments[i], Flags(segments, i),
                    i + 1 < segments.Count ? chain[i + 1] : 0);
        }
        chains[chain[0]] = chain;
        Put16(Driver + 4 + 2u * (uint)(available % Size), chain[0]);
        Put16(Driver + 2, ++available);
        return chain[0];
    }

    private static int Flags(IReadOnlyList<GuestSegment> segments, int i) =>
        (i + 1 < segments.Count ? 1 : 0) | (segments[i].IsWritable ? 2 : 0);

    /// <inheritdoc/>
    protected override bool IsNotificationWanted()
    {
        ushort old = announced;
        announced = available;
        return Guest.HasEventIndex ? IsPassed(Get16(AvailableEvent), available, old) : (Get16(Device) & 1) == 0;
    }

    /// <inheritdoc/>
    public override UsedBuffer? TryTake()
    {
        if (Get16(Device + 2) == used) return null;
        ulong entry = Device + 4 + 8u * (uint)(used++ % Size);
        int id = (int)Get32(entry);
        if (!chains.Remove(id, out List<int>? chain)) throw new ContractException(
            $"queue {Index}: descriptor {id} came back, which is not in use");
        foreach (int d in chain) free.Push(d);
        return new UsedBuffer(id, Get32(entry + 4));
    }

    /// <inheritdoc/>
    public override void WantInterrupt()
    {
        Put16(Driver, 0);
        Put16(UsedEvent, used);
    }

    /// <inheritdoc/>
    public override void RefuseInterrupts()
    {
        Put16(Driver, 1);
        Put16(UsedEvent, used - 1); // a wish for the past is not granted for 65535 buffers
    }
}
