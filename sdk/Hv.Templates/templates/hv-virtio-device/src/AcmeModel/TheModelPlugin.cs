using Hv.Sdk;

namespace AcmeModel;

/// <summary>Makes the device: found by its name, which users type.</summary>
[Device("the-model", Title = "A virtio device that gives text back in capitals", Buses = DeviceBuses.Pci | DeviceBuses.Mmio)]
public sealed class TheModelPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => OptionSchema.Empty;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new TheModel();
}
