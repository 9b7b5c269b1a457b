using Hv.Sdk.State;
using Hv.Sdk.Pci;

namespace AcmeModel;

/// <summary>Everything of the device that changes: saving is writing it, a reset is a new one.</summary>
[DeviceState("the-model", 1)]
public sealed partial class TheModelState
{
    /// <summary>Configuration space.</summary>
    [Field(1)] public PciFunctionState Pci = new();
    /// <summary>The delay that was asked for last, in microseconds.</summary>
    [Field(2)] public uint DelayUs;
    /// <summary>The status register.</summary>
    [Field(3)] public uint Status;
}
