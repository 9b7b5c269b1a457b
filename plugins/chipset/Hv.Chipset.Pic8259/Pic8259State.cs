using Hv.Sdk.State;

namespace Hv.Chipset.Pic8259;

/// <summary>The state of the pair.</summary>
[DeviceState("pic8259", 1)]
public sealed partial class Pic8259State
{
    /// <summary>Master and slave.</summary>
    [Field(1)] public readonly ControllerState[] Controllers = [new(), new()];
}

/// <summary>Everything a guest can observe or change in one 8259A.</summary>
[DeviceState("pic8259-controller", 1)]
public sealed partial class ControllerState
{
    /// <summary>Edges that were not acknowledged; requests of level-triggered inputs follow their line.</summary>
    [Field(1)] public byte EdgeRequests;
    [Field(2)] public byte InService;
    [Field(3)] public byte Mask;
    /// <summary>Bits 7–3 of the vectors (ICW2).</summary>
    [Field(4)] public byte VectorBase;
    [Field(5)] public byte EdgeLevel;
    /// <summary>The input of lowest priority; 7 unless rotated.</summary>
    [Field(6, Maximum = 7)] public byte LowestPriority = 7;
    /// <summary>The initialization command word that is written next: 2 to 4, or 0 when all have come.</summary>
    [Field(7, Maximum = 4)] public byte NextIcw;
    [Field(8)] public byte Icw1;
    [Field(9)] public byte Icw4;
    [Field(10)] public bool RotatesOnAutomaticEoi;
    [Field(11)] public bool IsSpecialMask;
    [Field(12)] public bool ReadsInService;
    /// <summary>The next read of the command port is a poll.</summary>
    [Field(13)] public bool IsPolled;
}
