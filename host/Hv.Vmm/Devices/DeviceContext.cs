using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Buses;
using Hv.Vmm.Faults;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Time;

namespace Hv.Vmm.Devices;

/// <summary>What one instance of a device gets from the core, and what it claimed. In a machine whose plugins can be
/// reloaded everything goes through a <see cref="DeviceLink"/>, so that an instance can be made ready beside the one
/// that runs.</summary>
internal sealed class DeviceContext : IDeviceContext
{
    private readonly Hardware hardware;
    private readonly PciClaim? pciClaim;
    private readonly List<(ForwardingTimer Given, VmTimer Timer)> stagedTimers = [];
    private ulong nextTicket;
    private bool isAttached;

    public DeviceContext(Hardware hardware, DeviceNode node, Placement placement, DeviceEntropy entropy, PciPlug? pci,
        DeviceContracts contracts, DeviceLink? link)
    {
        this.hardware = hardware;
        Node = node;
        Placement = placement;
        DeviceEntropy = entropy;
        PciPlug = pci;
        Contracts = contracts;
        Link = link;
        pciClaim = pci is null || link is null ? null : new PciClaim(pci, this);
    }

    public DeviceNode Node { get; }
    public DeviceEntropy DeviceEntropy { get; }
    public PciPlug? PciPlug { get; }
    /// <summary>The contracts between the device and the core, whichever instance uses them.</summary>
    public DeviceContracts Contracts { get; }
    /// <summary>What stands between the instance and the machine; null when the machine's plugins stay as they
    /// are.</summary>
    public DeviceLink? Link { get; }

    /// <summary>Regions, in the order in which they were claimed.</summary>
    public List<Region> Regions { get; } = [];
    /// <summary>Timers, likewise.</summary>
    public List<VmTimer> Timers { get; } = [];
    /// <summary>Outputs of the fabric that the instance drives, by name.</summary>
    public Dictionary<string, int> Outputs { get; } = [];
    /// <summary>Groups of inputs with who is told of their changes.</summary>
    public Dictionary<string, (InputGroup Group, IIrqHandler Handler)> Inputs { get; } = [];
    /// <summary>Services that the instance offers, while it is not live.</summary>
    public List<(Type Contract, object Service)> StagedServices { get; } = [];
    /// <summary>The PCI function that it showed, when there is a link.</summary>
    public IPciFunction? Function => pciClaim?.Function;

    public string Path => Node.Path;
    public Placement Placement { get; }
    public int VcpuCount => hardware.Description.VcpuCount;
    public ulong TscHz => hardware.Description.TscHz;
    public IVmClock Clock => Contracts.Clock;
    public IDmaSpace Dma => Contracts.Dma;
    public IMsiTarget Msi => Link is null ? Contracts.Msi : Link;
    public IEntropy Entropy => DeviceEntropy;
    public IDeviceLog Log => Node.Log;
    public IStrand Strand => Link is null ? Node.Strand : Link;
    public IMachineControl Machine => hardware.Control;
    public IVcpuSignalling Vcpus => hardware.Runner;
    public IPciSlot? Pci => pciClaim is null ? PciPlug : pciClaim;

    private bool IsStaged => Link is { IsLive: false };

    /// <summary>Nothing may be claimed any more.</summary>
    public void Seal() => isAttached = true;

    /// <summary>Numbers of postponed reads go on where another instance's end.</summary>
    public void ContinueTicketsOf(DeviceContext other) => nextTicket = other.nextTicket;

    public IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token)
    {
        CheckAttaching();
        AddressBus bus = space == AddressSpace.Ports ? hardware.Ports : hardware.Mmio;
        if (lengthBytes == 0 || lengthBytes - 1 > bus.LastAddress)
            throw new ConfigurationException($"{Path}: the device claims a region '{name}' of {lengthBytes} bytes");
        string point = PointOf(name);
        Region region = new(bus, Node, name, lengthBytes, IsStaged ? handler : Contracts.Wire(point, handler), token,
            isLive: !IsStaged) { FaultPoint = point };
        Regions.Add(region);
        return region;
    }

    public IrqLine IrqOut(string name)
    {
        CheckAttaching();
        return Output(name);
    }

    /// <summary>An output of the device.</summary>
    public IrqLine Output(string name)
    {
        int? pin = IsStaged ? hardware.Fabric.FindOutput(Node, name) : hardware.Fabric.AddOutput(Node, name);
        if (pin is not { } wired) return default;
        if (!Outputs.TryAdd(name, wired))
            throw new ConfigurationException($"{Path}: the device claims its output '{name}' twice");
        IIrqSink sink = Contracts.Line(name, wired);
        return new IrqLine(Link is null ? sink : Link, wired);
    }

    public IrqInputs IrqIn(string name, int count, IIrqHandler handler)
    {
        CheckAttaching();
        InputGroup group = IsStaged
            ? hardware.Fabric.FindInputs(Node, name, count)
            : hardware.Fabric.AddInputs(Node, name, count, handler);
        if (!Inputs.TryAdd(name, (group, handler)))
            throw new ConfigurationException($"{Path}: the device claims its input '{name}' twice");
        return new IrqInputs(hardware.Fabric, group.First, group.Count);
    }

    public IVmTimer CreateTimer(string name, Action<VmTime> fired)
    {
        CheckAttaching();
        if (IsStaged)
        {
            if (Timers.Exists(t => t.Name == name))
                throw new ConfigurationException($"{Path}: the device makes its timer '{name}' twice");
            VmTimer timer = new(hardware.Timers, Node, name, fired) { Standing = TimerStanding.Staged };
            Timers.Add(timer);
            if (!Contracts.MayWrapTimer(name)) return timer;
            ForwardingTimer given = new(timer);
            stagedTimers.Add((given, timer));
            return given;
        }
        VmTimer live = hardware.Timers.Create(Node, name, Contracts.Handler(name, fired));
        Timers.Add(live);
        return Contracts.Timer(live);
    }

    /// <summary>The instance takes the device over: faults stand before what it gives. While nothing runs.</summary>
    public void WireStaged()
    {
        foreach (Region region in Regions) region.Handler = Contracts.Wire(region.FaultPoint, region.Handler);
        foreach (VmTimer timer in Timers) timer.Handler = Contracts.Handler(timer.Name, timer.Handler);
        foreach ((ForwardingTimer given, VmTimer timer) in stagedTimers) given.Inner = Contracts.Timer(timer);
    }

    // A device may claim several regions of one name.
    private string PointOf(string region)
    {
        int twins = Regions.Count(r => r.Name == region);
        return twins == 0 ? $"region:{region}" : $"region:{region}#{twins + 1}";
    }

    public T? Backend<T>(string slot) where T : class
    {
        if (hardware.Backend(Path, slot) is not T port) return null;
        if (typeof(T) == typeof(IBlockPort) || typeof(T) == typeof(INetPort) || typeof(T) == typeof(ICharPort))
            port = Contracts.Port(slot, port);
        return Link is null ? port : Link.Relay(port);
    }

    public void Provide<T>(T service) where T : class
    {
        CheckAttaching();
        // A contract of the plugin's own would be a key in the core's tables and hold the plugin's code for ever.
        if (typeof(T).Assembly != typeof(IDevice).Assembly)
            throw new ConfigurationException(
                $"{Path}: the device offers {typeof(T).FullName}, which is no contract of the SDK");
        if (IsStaged) StagedServices.Add((typeof(T), service));
        else hardware.Services.Add(Node, service);
    }

    public IReadOnlyList<T> Services<T>() where T : class => hardware.Services.Of<T>(Node);

    public ulong Defer(in IoAccess access)
    {
        ulong ticket = ++nextTicket << 16 | access.Initiator;
        hardware.Vcpus[access.Initiator].Bus.BeginPostponed(ticket, Node);
        return ticket;
    }

    public void CompleteDeferred(ulong ticket, ulong value)
    {
        int vcpu = (int)(ticket & 0xffff);
        if (vcpu < hardware.Vcpus.Count) hardware.Vcpus[vcpu].Bus.Complete(ticket, value);
    }

    private void CheckAttaching()
    {
        if (isAttached)
            throw new InvalidOperationException($"{Path}: the device claims something after it was attached");
    }
}
