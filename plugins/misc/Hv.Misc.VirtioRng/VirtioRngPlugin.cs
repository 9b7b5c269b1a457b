using Hv.Sdk;

namespace Hv.Misc.VirtioRng;

/// <summary>Makes virtio entropy sources.</summary>
[Device("virtio-rng", Title = "Virtio 1.2 entropy source")]
public sealed class VirtioRngPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => VirtioRngOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new VirtioRng(VirtioRngOptions.Bind(options));
}

/// <summary>Options of <c>virtio-rng</c>.</summary>
[Options]
public sealed partial record VirtioRngOptions
{
    /// <summary>Offer the packed ring.</summary>
    [Option("offer the packed ring layout")]
    public bool Packed { get; init; }
}
