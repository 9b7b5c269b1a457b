using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Engines;
using Hv.Sdk.Firmware;
using Hv.Sdk.Memory;
using Hv.Sdk.Pci;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm;

/// <summary>Firmware with what it needs to put the machine into the state of its first instruction.</summary>
internal sealed class FirmwareSetup(string name, IFirmware firmware, OptionValues options, Hardware hardware,
    BoardBuilder board, IDeviceLog log)
    : IFirmwareContext
{
    public string Name => name;
    public string Board => hardware.BoardName;
    public int VcpuCount => hardware.Vcpus.Count;
    public ulong TscHz => hardware.Description.TscHz;
    public IReadOnlyList<MemoryRange> Ram { get; } =
        [.. board.Memory.Where(p => !p.IsReadOnly && !p.IsSmmOnly).OrderBy(p => p.Start.Value)
            .Select(p => new MemoryRange { Start = p.Start, LengthBytes = p.LengthBytes })];
    public MemoryRange? PciWindow => board.PciWindow32;
    public MemoryRange? PciWindow64 => board.PciWindow64;
    public BootInputs Inputs => hardware.Description.Boot;
    public IDmaSpace Memory => hardware.Memory.Dma;
    public IReadOnlyList<IAcpiContributor> AcpiContributors =>
        [.. hardware.Devices.Select(d => d.Node.Device).OfType<IAcpiContributor>()];
    public Guid MachineId => hardware.Description.Id;
    public IDeviceLog Log => log;

    /// <summary>Checks the inputs, before anything is made of the machine.</summary>
    public static void Validate(IFirmware firmware, BootInputs inputs, OptionValues options) =>
        firmware.Validate(inputs, options);

    /// <summary>Loads memory and vCPUs.</summary>
    public void Install()
    {
        using CallScope scope = CallRecord.Enter(Callee.Of($"the firmware {name}"));
        firmware.Install(this, options);
    }

    public void ReadVcpu(int index, ref VcpuState state) => hardware.Vcpus[index].ReadState(ref state);

    public void WriteVcpu(int index, in VcpuState state) => hardware.Vcpus[index].WriteState(state);

    public IPciFunction? PciFunction(PciAddress address) =>
        hardware.Devices.Select(d => d.PciPlug).FirstOrDefault(p => p is { IsAttached: true } && p.Address == address);
}
