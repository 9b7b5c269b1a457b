using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Engines;

namespace Hv.Sdk.Firmware;

/// <summary>Puts a machine into the state in which its first instruction is executed.</summary>
[Experimental("HVX004")]
public interface IFirmware
{
    /// <summary>What the definition may set.</summary>
    OptionSchema Options { get; }
    /// <summary>Checks what it was given before the machine is built: missing or truncated files.</summary>
    /// <exception cref="ConfigurationException">Names the file, the problem and the remedy.</exception>
    void Validate(BootInputs inputs, OptionValues options);
    /// <summary>Loads memory and vCPU state. Called after every cold or warm reset, while no vCPU runs.</summary>
    void Install(IFirmwareContext context, OptionValues options);
}

/// <summary>What the definition says about booting. Paths are host paths.</summary>
public sealed class BootInputs
{
    /// <summary>Kernel image.</summary>
    public string? Kernel { get; init; }
    /// <summary>Initial RAM disk.</summary>
    public string? Initrd { get; init; }
    /// <summary>Kernel command line.</summary>
    public string CommandLine { get; init; } = "";
    /// <summary>Boot order, as given.</summary>
    public string? BootOrder { get; init; }
}

/// <summary>A range of the guest's physical address space.</summary>
public readonly struct MemoryRange
{
    /// <summary>First address.</summary>
    public GuestPhysicalAddress Start { get; init; }
    /// <summary>Length in bytes.</summary>
    public ulong LengthBytes { get; init; }
}

/// <summary>What the core gives firmware.</summary>
[Experimental("HVX004")]
[HostImplemented]
public interface IFirmwareContext
{
    /// <summary>The board's name.</summary>
    string Board { get; }
    /// <summary>How many vCPUs.</summary>
    int VcpuCount { get; }
    /// <summary>Frequency of the time-stamp counter in hertz.</summary>
    ulong TscHz { get; }
    /// <summary>RAM, sorted.</summary>
    IReadOnlyList<MemoryRange> Ram { get; }
    /// <summary>Where PCI BARs go below 4 GiB; null without PCI.</summary>
    MemoryRange? PciWindow { get; }
    /// <summary>Where 64-bit BARs go above 4 GiB; null without.</summary>
    MemoryRange? PciWindow64 { get; }
    /// <summary>What to boot.</summary>
    BootInputs Inputs { get; }
    /// <summary>Guest memory.</summary>
    Memory.IDmaSpace Memory { get; }
    /// <summary>Devices that contribute to ACPI, in the order of the board.</summary>
    IReadOnlyList<Acpi.IAcpiContributor> AcpiContributors { get; }
    /// <summary>The machine's identity for SMBIOS.</summary>
    Guid MachineId { get; }
    /// <summary>Reads a vCPU's state as the reset left it.</summary>
    void ReadVcpu(int index, ref VcpuState state);
    /// <summary>Sets a vCPU's state. vCPUs that are not set wait for a start-up IPI, except 0.</summary>
    void WriteVcpu(int index, in VcpuState state);
    /// <summary>Finds PCI functions as configuration software would; null without PCI. For firmware that assigns
    /// BARs.</summary>
    Pci.IPciFunction? PciFunction(PciAddress address);
    /// <summary>Where firmware reports.</summary>
    IDeviceLog Log { get; }
}
