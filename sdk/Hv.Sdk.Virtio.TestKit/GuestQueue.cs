using System.Buffers.Binary;

namespace Hv.Sdk.Virtio.TestKit;

/// <summary>A virtqueue from the driver's side, in a bench's memory.</summary>
public abstract class GuestQueue(VirtioGuest guest, int index, int size, ulong start)
{
    /// <summary>Guest memory that a queue of any size the driver uses takes.</summary>
    public const ulong AreaBytes = 0x4000;

    /// <summary>Its number.</summary>
    public int Index { get; } = index;
    /// <summary>Entries.</summary>
    public int Size { get; } = size;
    /// <summary>The driver's end.</summary>
    protected VirtioGuest Guest { get; } = guest;
    /// <summary>Descriptor area.</summary>
    public ulong Descriptors { get; } = start;
    /// <summary>Driver area.</summary>
    public abstract ulong Driver { get; }
    /// <summary>Device area.</summary>
    public abstract ulong Device { get; }
    /// <summary>Notifications that were sent, and that the device did not want.</summary>
    public (int Sent, int Suppressed) Notifications { get; private set; }

    /// <summary>Makes a buffer available; its number, or null when the ring is full. With <paramref name="table"/>, the
    /// segments go into an indirect table at that address.</summary>
    public abstract int? TryAdd(IReadOnlyList<GuestSegment> segments, ulong? table);

    /// <summary>Takes the next used buffer.</summary>
    public abstract UsedBuffer? TryTake();

    /// <summary>Asks for an interrupt at the next used buffer.</summary>
    public abstract void WantInterrupt();

    /// <summary>Asks for no interrupts.</summary>
    public abstract void RefuseInterrupts();

    /// <summary>Whether the device wants to know of what was added since the last call.</summary>
    protected abstract bool IsNotificationWanted();

    /// <summary>Notifies the device when it wants that.</summary>
    public void Kick()
    {
        bool isWanted = IsNotificationWanted();
        Notifications = isWanted
            ? (Notifications.Sent + 1, Notifications.Suppressed) : (Notifications.Sent, Notifications.Suppressed + 1);
        if (isWanted) Guest.Registers.Notify(Index);
    }

    private Span<byte> Memory => Guest.Bench.Memory.Bytes;

    /// <summary>Reads 16 bits of guest memory.</summary>
    protected ushort Get16(ulong at) => BinaryPrimitives.ReadUInt16LittleEndian(Memory[(int)at..]);
    /// <summary>Reads 32 bits of guest memory.</summary>
    protected uint Get32(ulong at) => BinaryPrimitives.ReadUInt32LittleEndian(Memory[(int)at..]);
    /// <summary>Writes 16 bits of guest memory.</summary>
    protected void Put16(ulong at, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(Memory[(int)at..], (ushort)value);

    /// <summary>Writes a descriptor of either layout.</summary>
    protected void PutDescriptor(ulong at, in GuestSegment segment, int word12, int word14)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Memory[(int)at..], segment.Address);
        BinaryPrimitives.WriteUInt32LittleEndian(Memory[((int)at + 8)..], (uint)segment.Length);
        Put16(at + 12, word12);
        Put16(at + 14, word14);
    }

    /// <summary>Whether an event index was passed (virtio 1.2, 2.7.10).</summary>
    protected static bool IsPassed(int wish, int now, int old) => (ushort)(now - wish - 1) < (ushort)(now - old);
}
