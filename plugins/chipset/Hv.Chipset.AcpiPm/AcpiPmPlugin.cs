using Hv.Sdk;

namespace Hv.Chipset.AcpiPm;

/// <summary>Makes ACPI power management blocks.</summary>
[Device("acpi-pm", Title = "ACPI power management: PM1 block, timer, power button, reset register")]
public sealed class AcpiPmPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => AcpiPmOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new AcpiPm(AcpiPmOptions.Bind(options));
}

/// <summary>Options of <c>acpi-pm</c>.</summary>
[Options]
public sealed partial record AcpiPmOptions
{
    /// <summary>First port.</summary>
    [Option("first of its 64 ports", Maximum = 0xffc0)]
    public ushort Port { get; init; } = 0x600;

    /// <summary>Global system interrupt.</summary>
    [Option("global system interrupt of the SCI, for firmware tables", Maximum = 23)]
    public byte Sci { get; init; } = 9;

    /// <summary>Whether port CF9h is decoded here.</summary>
    [Option("decode the reset register at port CF9h; off where a PCI host bridge does")]
    public bool ResetRegister { get; init; } = true;
}
