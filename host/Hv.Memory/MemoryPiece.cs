using Hv.Sdk;

namespace Hv.Memory;

/// <summary>One run of guest-physical pages and where it lies in the machine's memory file. Several pieces may show the
/// same bytes.</summary>
public readonly record struct MemoryPiece
{
    /// <summary>First guest physical address, a multiple of 4 KiB.</summary>
    public required GuestPhysicalAddress Start { get; init; }
    /// <summary>Length in bytes, a multiple of 4 KiB.</summary>
    public required ulong LengthBytes { get; init; }
    /// <summary>Offset of the first byte in the memory file, a multiple of 4 KiB.</summary>
    public required ulong FileOffset { get; init; }
    /// <summary>ROM: guest writes go to the bus, DMA writes fail.</summary>
    public bool IsReadOnly { get; init; }
    /// <summary>SMRAM: only vCPUs in system-management mode see it; DMA does not.</summary>
    public bool IsSmmOnly { get; init; }
}
