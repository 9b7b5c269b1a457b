using Hv.Sdk;

namespace Hv.Chipset.IoApic;

/// <summary>Makes I/O APICs.</summary>
[Device("ioapic", Title = "I/O APIC, 82093AA with EOI register")]
public sealed class IoApicPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => IoApicOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new IoApic(IoApicOptions.Bind(options));
}

/// <summary>Options of <c>ioapic</c>.</summary>
[Options]
public sealed partial record IoApicOptions
{
    /// <summary>Address of the registers.</summary>
    [Option("address of its registers")]
    public uint Address { get; init; } = 0xfec0_0000;

    /// <summary>APIC id.</summary>
    [Option("APIC id that it begins with", Maximum = 15)]
    public byte Id { get; init; }
}
