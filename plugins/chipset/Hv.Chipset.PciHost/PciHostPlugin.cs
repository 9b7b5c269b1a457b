using Hv.Sdk;

namespace Hv.Chipset.PciHost;

/// <summary>Makes PCI host bridges.</summary>
[Device("pci-host", Title = "PCI host bridge: configuration mechanism 1 and ECAM")]
public sealed class PciHostPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => PciHostOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new PciHost(PciHostOptions.Bind(options));
}

/// <summary>Options of <c>pci-host</c>. Boards set them; the windows are what firmware tables tell the guest.</summary>
[Options]
public sealed partial record PciHostOptions
{
    /// <summary>First address for 32-bit BARs.</summary>
    [Option("first address for 32-bit BARs")]
    public uint Window { get; init; } = 0xc0000000;

    /// <summary>Length for 32-bit BARs.</summary>
    [Option("length of the window for 32-bit BARs", Type = OptionType.Size)]
    public uint WindowSize { get; init; } = 0x3ec00000;

    /// <summary>First address for 64-bit BARs.</summary>
    [Option("first address for 64-bit BARs above 4 GiB; 0 is none")]
    public ulong Window64 { get; init; }

    /// <summary>Length for 64-bit BARs.</summary>
    [Option("length of the window for 64-bit BARs", Type = OptionType.Size)]
    public ulong Window64Size { get; init; }

    /// <summary>Enhanced configuration access.</summary>
    [Option("address of the 256 MiB enhanced configuration region (ECAM); 0 is none")]
    public ulong Ecam { get; init; }

    /// <summary>First interrupt.</summary>
    [Option("global system interrupt of the first of the four PCI interrupt lines", Maximum = 20)]
    public byte FirstGsi { get; init; } = 16;
}
