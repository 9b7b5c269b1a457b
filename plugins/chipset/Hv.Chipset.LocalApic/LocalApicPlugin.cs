using Hv.Sdk;

namespace Hv.Chipset.LocalApic;

/// <summary>Makes the local APICs of a machine.</summary>
[Device("local-apic", Title = "Local APICs of all vCPUs: xAPIC, x2APIC, TSC deadline",
    Threading = Threading.Concurrent)]
public sealed class LocalApicPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => LocalApicOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new LocalApics(LocalApicOptions.Bind(options));
}

/// <summary>Options of <c>local-apic</c>.</summary>
[Options]
public sealed partial record LocalApicOptions
{
    /// <summary>Whether the boot processor begins as firmware leaves it.</summary>
    [Option("the boot processor begins in virtual wire mode, as firmware leaves it")]
    public bool VirtualWire { get; init; } = true;
}
