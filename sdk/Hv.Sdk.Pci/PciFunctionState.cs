using Hv.Sdk.State;

namespace Hv.Sdk.Pci;

/// <summary>What a guest can change or see change in a function. Part of the state of the device that has the
/// function.</summary>
[DeviceState("pci-function", 1)]
public sealed partial class PciFunctionState
{
    /// <summary>Configuration space, 256 bytes; empty for a device that is not on PCI.</summary>
    [Field(1, MaxLength = 256)] public byte[] Config = [];
    /// <summary>The MSI-X table, four words an entry (PCI 3.0, 6.8.2).</summary>
    [Field(2, MaxLength = 4 * 2048)] public uint[] MsixTable = [];
    /// <summary>The MSI-X pending bits, a word for 32 vectors.</summary>
    [Field(3, MaxLength = 2048 / 32)] public uint[] MsixPending = [];
}
