using Hv.Sdk.State;

namespace Hv.Chipset.IoApic;

/// <summary>Everything a guest can observe or change in the I/O APIC. Levels of the inputs belong to the
/// fabric.</summary>
[DeviceState("ioapic", 1)]
public sealed partial class IoApicState
{
    [Field(1)] public byte Select;
    /// <summary>Bits 27–24 of IOAPICID.</summary>
    [Field(2, Maximum = 15)] public byte Id;
    [Field(3)] public readonly ulong[] Redirections = new ulong[Spec.PinCount];
    /// <summary>Edges that came while their pin was masked, by pin.</summary>
    [Field(4, Maximum = (1u << Spec.PinCount) - 1)] public uint PendingEdges;
}
