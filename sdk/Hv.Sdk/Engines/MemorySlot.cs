namespace Hv.Sdk.Engines;

/// <summary>What a memory slot allows.</summary>
[Flags]
public enum MemorySlotFlags : byte
{
    /// <summary>Ordinary RAM.</summary>
    None = 0,
    /// <summary>Guest writes go to the bus instead (ROM, flash).</summary>
    ReadOnly = 1,
    /// <summary>Pages that are written are marked in <see cref="MemorySlot.DirtyMap"/>.</summary>
    LogDirty = 2,
    /// <summary>Only vCPUs in system-management mode see it (SMRAM).</summary>
    SmmOnly = 4,
    /// <summary>vCPUs in system-management mode do not see it: something <see cref="SmmOnly"/> may lie in its
    /// place.</summary>
    HiddenInSmm = 8,
}

/// <summary>A run of guest-physical pages that are host memory.</summary>
public readonly struct MemorySlot
{
    /// <summary>First guest physical address, 4 KiB aligned.</summary>
    public GuestPhysicalAddress Start { get; init; }
    /// <summary>Length in bytes, a multiple of 4 KiB.</summary>
    public ulong LengthBytes { get; init; }
    /// <summary>Host address of the first byte. The mapping outlives the partition.</summary>
    public nint Host { get; init; }
    /// <summary>Offset of the first byte in the VM's memory file, the same for aliases of the same bytes.</summary>
    public ulong FileOffset { get; init; }
    /// <summary>Host address of one byte per page, set to 1 by the engine when a vCPU writes the page; zero where there
    /// is none.</summary>
    public nint DirtyMap { get; init; }
    /// <summary>What the slot allows.</summary>
    public MemorySlotFlags Flags { get; init; }
}
