namespace Hv.Sdk.Boards;

/// <summary>Puts devices together: a memory layout, the chipset, and where asked-for devices go. Pure: the same request
/// gives the same hardware.</summary>
public interface IBoard
{
    /// <summary>What the definition may set.</summary>
    OptionSchema Options { get; }
    /// <summary>Describes the machine. Build thread.</summary>
    /// <exception cref="ConfigurationException">The board cannot hold what was asked for (too much RAM, no such
    /// bus…).</exception>
    void Build(IBoardBuilder builder, OptionValues options);
}

/// <summary>A device that the user asked for and the board must place.</summary>
public sealed class DeviceRequest
{
    /// <summary>Its name in the machine, for example <c>disk0</c>.</summary>
    public required string Path { get; init; }
    /// <summary>The model, for example <c>virtio-blk</c>.</summary>
    public required string Device { get; init; }
    /// <summary>The buses that the model's manifest lists: <c>pci</c>, <c>mmio</c>, <c>isa</c>; empty when it needs no
    /// place.</summary>
    public IReadOnlyList<string> Buses { get; init; } = [];
    /// <summary>Options as the user gave them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>Takes a board's description. Nothing is made until it is complete.</summary>
[HostImplemented]
public interface IBoardBuilder
{
    /// <summary>The path of the processors' pins in <see cref="Wire"/>. No device may be called so.</summary>
    const string ProcessorPath = "cpu";

    /// <summary>RAM that the definition asks for, in bytes, a multiple of 1 MiB.</summary>
    ulong MemoryBytes { get; }
    /// <summary>vCPUs that the definition asks for.</summary>
    int VcpuCount { get; }
    /// <summary>What the user asked for, in order. The board places each with <see cref="Add"/>.</summary>
    IReadOnlyList<DeviceRequest> Requests { get; }

    /// <summary>Puts a piece of the VM's memory file into the guest's map. Pieces may alias.</summary>
    void Ram(GuestPhysicalAddress start, ulong lengthBytes, ulong fileOffset);
    /// <summary>As <see cref="Ram"/>, but only vCPUs in system-management mode see it (SMRAM). To all others, and to
    /// DMA, the range is what it is without the piece; RAM of theirs that lies there is hidden from system-management
    /// mode.</summary>
    void SmRam(GuestPhysicalAddress start, ulong lengthBytes, ulong fileOffset);
    /// <summary>Names a hole for firmware tables: where PCI BARs go. <paramref name="above4G"/>: the second
    /// window.</summary>
    void PciWindow(GuestPhysicalAddress start, ulong lengthBytes, bool above4G);
    /// <summary>Adds a device. Options are checked against the model's schema.</summary>
    void Add(string path, string device, Placement placement, IReadOnlyDictionary<string, string> options);
    /// <summary>Wires an output to an input pin; several outputs on one pin are ORed, one output may drive several
    /// pins. Names are those given to IrqOut and IrqIn. The processors' own pins are those of the path
    /// <see cref="ProcessorPath"/>: the input <c>a20</c> lets address bit 20 pass while it is high (always, when
    /// nothing is wired to it), the input <c>ignne</c> is IGNNE# (high: asserted), and the output <c>ferr</c> is FERR#
    /// of vCPU 0 (high: asserted).</summary>
    void Wire(string fromPath, string output, string toPath, string input, int pin);
    /// <summary>Wires INTx# of PCI functions: function at (device d, pin p) drives pins[(d + p − 1) mod 4], each an
    /// input.</summary>
    void WirePciInterrupts(IReadOnlyList<PinName> pins);
    /// <summary>The firmware when the definition names none.</summary>
    void DefaultFirmware(string name);
    /// <summary>The device that <c>--serial</c>'s first backend connects to (slot <c>chardev</c>).</summary>
    void DefaultConsole(string path);
}

/// <summary>One input pin in a board's description, possibly several for one logical interrupt.</summary>
public readonly struct PinName
{
    /// <summary>The device.</summary>
    public string Path { get; init; }
    /// <summary>The group of inputs.</summary>
    public string Input { get; init; }
    /// <summary>The pin.</summary>
    public int Pin { get; init; }
}
