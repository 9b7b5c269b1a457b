using Hv.Sdk.State;

namespace AcmeModel;

/// <summary>Everything of the device that changes: saving is writing it, a reset is a new one.</summary>
[DeviceState("the-model", 1)]
public sealed partial class TheModelState
{
    /// <summary>The levels of the lines, line 0 in bit 0.</summary>
    [Field(1)] public byte Output;
}
