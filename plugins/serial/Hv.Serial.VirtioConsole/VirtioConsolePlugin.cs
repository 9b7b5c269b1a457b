using Hv.Sdk;

namespace Hv.Serial.VirtioConsole;

/// <summary>Makes virtio consoles.</summary>
[Device("virtio-console", Title = "Virtio 1.2 console")]
public sealed class VirtioConsolePlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => VirtioConsoleOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new VirtioConsole(VirtioConsoleOptions.Bind(options));
}

/// <summary>Options of <c>virtio-console</c>.</summary>
[Options]
public sealed partial record VirtioConsoleOptions
{
    /// <summary>Offer the packed ring.</summary>
    [Option("offer the packed ring layout")]
    public bool Packed { get; init; }
}
