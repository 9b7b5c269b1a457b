using Hv.Sdk;

namespace Hv.Chipset.Hpet;

/// <summary>Makes high-precision event timers.</summary>
[Device("hpet", Title = "High-precision event timers with legacy replacement and MSI")]
public sealed class HpetPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => HpetOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new Hpet(HpetOptions.Bind(options));
}

/// <summary>Options of <c>hpet</c>.</summary>
[Options]
public sealed partial record HpetOptions
{
    /// <summary>Address.</summary>
    [Option("address of its 1 KiB of registers")]
    public uint Address { get; init; } = 0xfed00000;
}
