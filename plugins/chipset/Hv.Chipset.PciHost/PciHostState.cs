using Hv.Sdk.Pci;
using Hv.Sdk.State;

namespace Hv.Chipset.PciHost;

/// <summary>Everything a guest can observe or change in the bridge itself.</summary>
[DeviceState("pci-host", 1)]
public sealed partial class PciHostState
{
    [Field(1)] public uint ConfigAddress;
    [Field(2)] public byte ResetControl;
    /// <summary>The bridge's own function, 00:00.0.</summary>
    [Field(3)] public PciFunctionState Function = new();
}
