namespace Hv.Sdk.Memory;

/// <summary>What DMA does with guest memory.</summary>
[Flags]
public enum DmaAccess : byte
{
    /// <summary>The device reads.</summary>
    Read = 1,
    /// <summary>The device writes: dirty tracking and translated code are taken care of.</summary>
    Write = 2,
}

/// <summary>Guest memory as a bus master sees it: RAM, and ROM for reads; anything else fails. No method throws for a
/// guest's address. Hot path: allocates nothing.</summary>
public interface IDmaSpace
{
    /// <summary>Copies out of guest memory; false, with nothing promised about <paramref name="to"/>, when any byte is
    /// not RAM.</summary>
    bool TryRead(GuestPhysicalAddress address, Span<byte> to);
    /// <summary>Copies into guest memory; false when any byte is not RAM (then nothing is written).</summary>
    bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from);
    /// <summary>The bytes themselves, when they are contiguous in one RAM range; valid inside the current callback
    /// only. The guest may change them at any moment: read once into a local, check it, use it.</summary>
    bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window);
    /// <summary>Pins guest bytes beyond this callback, until disposed; the core waits for it or revokes it before the
    /// memory map changes.</summary>
    bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease);
    /// <summary>Atomic read of an aligned 16-bit little-endian value with acquire order (virtqueue indices).</summary>
    bool TryReadUInt16(GuestPhysicalAddress address, out ushort value);
    /// <summary>Atomic write of an aligned 16-bit little-endian value with release order.</summary>
    bool TryWriteUInt16(GuestPhysicalAddress address, ushort value);
    /// <summary>Gives back to the host what lies behind the whole pages of a range whose contents the guest does not
    /// need any more (balloon, free-page reporting); they read as zeroes afterwards. False when nothing was given back:
    /// a byte is not RAM, a lease holds it, or this space cannot. The default keeps the memory, which is always right.
    /// Cold path.</summary>
    bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes) => false;
    /// <summary>A full fence between device and guest views of memory.</summary>
    void Fence();
}

/// <summary>Guest bytes, valid inside the current callback: a ref struct cannot be stored. Dispose it after
/// writing.</summary>
public ref struct DmaWindow(Span<byte> bytes, IDmaOwner? owner, GuestPhysicalAddress address)
{
    /// <summary>The bytes.</summary>
    public readonly Span<byte> Bytes { get; } = bytes;
    private readonly GuestPhysicalAddress address = address;
    /// <summary>Marks what was written.</summary>
    public readonly void Dispose() => owner?.Written(address, Bytes.Length);
}

/// <summary>Told when a window for writing is closed.</summary>
public interface IDmaOwner
{
    /// <summary>Bytes were written: marks pages dirty and drops code decoded from them.</summary>
    void Written(GuestPhysicalAddress address, int lengthBytes);
}

/// <summary>Guest bytes pinned beyond one callback.</summary>
public interface IDmaLease : IDisposable
{
    /// <summary>The bytes. Throws <see cref="ObjectDisposedException"/> after it is disposed or revoked.</summary>
    Memory<byte> Bytes { get; }
}

/// <summary>One piece of a scatter/gather list.</summary>
public readonly struct DmaSegment
{
    /// <summary>Where it begins.</summary>
    public GuestPhysicalAddress Address { get; init; }
    /// <summary>Length in bytes.</summary>
    public uint LengthBytes { get; init; }
}
