using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Boards;
using Hv.Sdk.Firmware;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Interrupts;

namespace Hv.Vmm;

/// <summary>Collects what a board describes. Nothing is made here.</summary>
internal sealed class BoardBuilder : IBoardBuilder
{
    private readonly Dictionary<string, PlannedDevice> byPath = [];

    public BoardBuilder(MachineDescription description, IReadOnlyList<DeviceRequest> requests)
    {
        MemoryBytes = description.MemoryBytes;
        VcpuCount = description.VcpuCount;
        Requests = requests;
    }

    /// <summary>A device to be made.</summary>
    public sealed record PlannedDevice(
        string Path, string Model, Placement Placement, IReadOnlyDictionary<string, string> Options);

    public ulong MemoryBytes { get; }
    public int VcpuCount { get; }
    public IReadOnlyList<DeviceRequest> Requests { get; }

    public List<MemoryPiece> Memory { get; } = [];
    public List<PlannedDevice> Devices { get; } = [];
    public List<IrqFabric.Wire> Wires { get; } = [];
    public IReadOnlyList<PinName>? PciPins { get; private set; }
    public MemoryRange? PciWindow32 { get; private set; }
    public MemoryRange? PciWindow64 { get; private set; }
    public string? FirmwareName { get; private set; }
    public string? ConsolePath { get; private set; }

    public void Ram(GuestPhysicalAddress start, ulong lengthBytes, ulong fileOffset) =>
        Memory.Add(new MemoryPiece { Start = start, LengthBytes = lengthBytes, FileOffset = fileOffset });

    public void SmRam(GuestPhysicalAddress start, ulong lengthBytes, ulong fileOffset) => Memory.Add(
        new MemoryPiece { Start = start, LengthBytes = lengthBytes, FileOffset = fileOffset, IsSmmOnly = true });

    public void PciWindow(GuestPhysicalAddress start, ulong lengthBytes, bool above4G)
    {
        MemoryRange range = new() { Start = start, LengthBytes = lengthBytes };
        if (above4G) PciWindow64 = range;
        else PciWindow32 = range;
    }

    public void Add(string path, string device, Placement placement, IReadOnlyDictionary<string, string> options)
    {
        PlannedDevice planned = new(path, device, placement, options);
        if (path == IBoardBuilder.ProcessorPath)
            throw new ConfigurationException($"no device may be called '{path}': that is the name of the processors");
        if (!byPath.TryAdd(path, planned)) throw new ConfigurationException($"two devices are called '{path}'");
        Devices.Add(planned);
    }

    public void Wire(string fromPath, string output, string toPath, string input, int pin) =>
        Wires.Add(new IrqFabric.Wire(fromPath, output, toPath, input, pin));

    public void WirePciInterrupts(IReadOnlyList<PinName> pins)
    {
        if (pins.Count != 4)
            throw new ConfigurationException($"the board wires {pins.Count} PCI interrupts instead of 4");
        PciPins = pins;
    }

    public void DefaultFirmware(string name) => FirmwareName = name;

    public void DefaultConsole(string path) => ConsolePath = path;

    /// <summary>All wires, those of PCI functions included: function (device d, pin p) drives pins[(d + p − 1) mod 4]
    /// (PCI Local Bus 3.0, 2.2.6, as root buses do it).</summary>
    public IEnumerable<IrqFabric.Wire> AllWires()
    {
        foreach (IrqFabric.Wire wire in Wires) yield return wire;
        if (PciPins is null) yield break;
        foreach (PlannedDevice device in Devices)
        {
            if (device.Placement.Pci is not { } address) continue;
            for (int pin = 1; pin <= 4; pin++)
            {
                PinName to = PciPins[(address.Device + pin - 1) % 4];
                yield return new IrqFabric.Wire(device.Path, PciPlug.LineName(pin), to.Path, to.Input, to.Pin);
            }
        }
    }

    /// <summary>Checks that what belongs together is there.</summary>
    /// <exception cref="ConfigurationException">A wire ends nowhere, or a device that was asked for was not
    /// placed.</exception>
    public void Check(string board)
    {
        foreach (IrqFabric.Wire wire in AllWires())
        {
            foreach (string path in (ReadOnlySpan<string>)[wire.FromPath, wire.ToPath])
            {
                if (path != IBoardBuilder.ProcessorPath && !byPath.ContainsKey(path))
                    throw new ConfigurationException($"the board {board} wires '{path}', which it does not have");
            }
        }
        foreach (DeviceRequest request in Requests)
        {
            if (!byPath.ContainsKey(request.Path))
                throw new ConfigurationException(
                    $"the board {board} has no place for '{request.Path}' ({request.Device})");
        }
        if (!Memory.Exists(p => !p.IsSmmOnly)) throw new ConfigurationException($"the board {board} maps no memory");
    }
}
