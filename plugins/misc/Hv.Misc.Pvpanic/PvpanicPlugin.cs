using Hv.Sdk;

namespace Hv.Misc.Pvpanic;

/// <summary>Makes panic ports.</summary>
[Device("pvpanic", Title = "A port on which the guest's kernel reports that it panicked")]
public sealed class PvpanicPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => PvpanicOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new Pvpanic(PvpanicOptions.Bind(options));
}

/// <summary>Options of <c>pvpanic</c>.</summary>
[Options]
public sealed partial record PvpanicOptions
{
    /// <summary>The port.</summary>
    [Option("its port")]
    public ushort Port { get; init; } = 0x505;
}
