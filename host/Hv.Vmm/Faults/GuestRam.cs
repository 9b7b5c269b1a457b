using Hv.Memory;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Memory;

namespace Hv.Vmm.Faults;

/// <summary>Guest memory as faults reach it.</summary>
internal sealed class GuestRam(GuestMemory memory) : IGuestMemory
{
    public IReadOnlyList<MemoryRange> Ram { get; } =
    [
        .. memory.Map.Pieces.ToArray().Where(p => !p.IsReadOnly)
            .Select(p => new MemoryRange { Start = p.Start, LengthBytes = p.LengthBytes }),
    ];

    public IDmaSpace Space => memory.Dma;
}
