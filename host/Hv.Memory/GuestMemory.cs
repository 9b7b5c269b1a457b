using Hv.Interop;
using Hv.Sdk.Engines;

namespace Hv.Memory;

/// <summary>A machine's memory: one file in shared memory, the guest-physical map over it, dirty marks, and the leases
/// that pin pieces of it. Any thread may read; <see cref="SetMap"/> is called only while no vCPU runs.</summary>
public sealed unsafe class GuestMemory : IDisposable
{
    private readonly SharedMemory file;
    private readonly LeasePool leases;
    private volatile MemoryMap map = MemoryMap.Empty;
    private volatile IPartition? partition;

    /// <summary>Reserves memory.</summary>
    /// <param name="name">For the host's tools.</param>
    /// <param name="lengthBytes">A multiple of 4 KiB.</param>
    /// <exception cref="IOException">The host has not enough.</exception>
    public GuestMemory(string name, ulong lengthBytes)
    {
        file = new SharedMemory(name, lengthBytes);
        Dirty = new DirtyMap(lengthBytes);
        leases = new LeasePool(this);
        Dma = new DmaSpace(this, leases);
    }

    /// <summary>Length of the memory file in bytes.</summary>
    public ulong LengthBytes => file.LengthBytes;
    /// <summary>The memfd, for engines and processes that map it; −1 where the host has none.</summary>
    public int FileDescriptor => file.FileDescriptor;
    /// <summary>Pages written.</summary>
    public DirtyMap Dirty { get; }
    /// <summary>What lies where.</summary>
    public MemoryMap Map => map;
    /// <summary>Memory as bus masters see it.</summary>
    public DmaSpace Dma { get; }

    /// <summary>Makes the engine follow the map and hear of host writes.</summary>
    public void Connect(IPartition engine)
    {
        partition = engine;
        Apply();
    }

    /// <summary>Replaces the whole map in one transaction: leases end, DMA and the engine see either the old map or the
    /// new one.</summary>
    /// <exception cref="ArgumentException">See <see cref="MemoryMap(IEnumerable{MemoryPiece}, ulong)"/>; nothing has
    /// changed.</exception>
    public void SetMap(IEnumerable<MemoryPiece> pieces)
    {
        MemoryMap next = new(pieces, LengthBytes);
        leases.RevokeAll();
        map = next;
        Apply();
    }

    private void Apply()
    {
        if (partition is not { } engine) return;
        engine.SetMemoryMap([.. map.Runs().Select(Slot)]);
    }

    private MemorySlot Slot(MemoryMap.Run run) => new()
    {
        Start = run.Piece.Start,
        LengthBytes = run.Piece.LengthBytes,
        Host = file.Address + (nint)run.Piece.FileOffset,
        FileOffset = run.Piece.FileOffset,
        DirtyMap = Dirty.AddressOf(run.Piece.FileOffset),
        Flags = (run.Piece.IsReadOnly ? MemorySlotFlags.ReadOnly : MemorySlotFlags.None)
            | (run.Piece.IsSmmOnly ? MemorySlotFlags.SmmOnly : MemorySlotFlags.None)
            | (run.IsHiddenInSmm ? MemorySlotFlags.HiddenInSmm : MemorySlotFlags.None),
    };

    /// <summary>Hot path: bytes of the memory file. Valid until this object is disposed; the guest may change them at
    /// any moment.</summary>
    public Span<byte> Span(ulong fileOffset, int lengthBytes)
    {
        if (lengthBytes < 0 || fileOffset > LengthBytes || (ulong)lengthBytes > LengthBytes - fileOffset)
            ThrowOutside();
        // SAFETY: checked against the mapping, which lives until Dispose; the machine disposes memory after all its
        // threads have ended.
        return new Span<byte>((byte*)file.Address + fileOffset, lengthBytes);
    }

    /// <summary>Hot path: to be called before and after host code writes a range of RAM: drops code decoded from it and
    /// marks it dirty.</summary>
    public void Touch(ulong address, ulong fileOffset, ulong lengthBytes)
    {
        Dirty.Mark(fileOffset, lengthBytes);
        partition?.InvalidateCode(new(address), lengthBytes);
    }

    /// <summary>Drops everything that the engine has decoded, after the whole memory was replaced.</summary>
    public void InvalidateAllCode()
    {
        foreach (MemoryMap.Run run in map.Runs()) partition?.InvalidateCode(run.Piece.Start, run.Piece.LengthBytes);
    }

    /// <summary>Gives whole pages back to the host; they read as zeroes afterwards.</summary>
    internal bool DiscardPages(ulong fileOffset, ulong lengthBytes) =>
        !leases.Holds(fileOffset, lengthBytes) && file.Discard(fileOffset, lengthBytes);

    private static void ThrowOutside() => throw new ArgumentException("the range lies outside the memory file");

    /// <summary>Unmaps everything. No thread may touch the memory any more.</summary>
    public void Dispose()
    {
        partition = null;
        leases.RevokeAll();
        file.Dispose();
        Dirty.Dispose();
    }
}
