using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Sdk.Memory;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;

namespace Hv.Vmm.Faults;

/// <summary>Every contract between one device and the core, wired through the machine's faults. What the core gives is
/// wired once and stays when new code takes the device over; what the device gives is wired again for each
/// instance.</summary>
internal sealed class DeviceContracts
{
    private readonly FaultPlan faults;
    private readonly IIrqSink fabric;
    private readonly IStrand strand;
    private readonly string path;
    private readonly Dictionary<string, object> ports = [];
    private readonly Dictionary<int, IIrqSink> lines = [];

    public DeviceContracts(Hardware hardware, DeviceNode node)
    {
        faults = hardware.Faults;
        fabric = hardware.Fabric;
        strand = node.Strand;
        path = node.Path;
        Clock = Wire<IVmClock>("clock", hardware.Clock);
        Dma = Wire<IDmaSpace>("dma", hardware.Memory.Dma);
        Msi = Wire<IMsiTarget>("msi", hardware.Msi);
    }

    public IVmClock Clock { get; }
    public IDmaSpace Dma { get; }
    public IMsiTarget Msi { get; }

    /// <summary>Wires an output of the fabric, when it is claimed first.</summary>
    public IIrqSink Line(string name, int pin)
    {
        if (lines.TryGetValue(pin, out IIrqSink? known)) return known;
        IIrqSink wired = Wire($"irq:{name}", fabric);
        if (wired != fabric) lines.Add(pin, wired);
        return wired;
    }

    /// <summary>Hot path: where changes of an output go.</summary>
    public IIrqSink SinkOf(int pin) => lines.Count == 0 ? fabric : lines.GetValueOrDefault(pin, fabric);

    /// <summary>Wires the port in a slot.</summary>
    public T Port<T>(string slot, T port) where T : class
    {
        if (ports.TryGetValue(slot, out object? known) && known is T same) return same;
        T wired = Wire(slot, port);
        ports[slot] = wired;
        return wired;
    }

    /// <summary>Wires something that the device gives, or gives again as a new instance.</summary>
    public T Wire<T>(string point, T contract) where T : class => faults.Wire(path, point, strand, contract);

    /// <summary>Wires what a timer calls.</summary>
    public Action<VmTime> Handler(string timer, Action<VmTime> fired) =>
        faults.Addresses<IVmTimerHandler>(path, $"timer:{timer}")
        ? Wire<IVmTimerHandler>($"timer:{timer}", new TimerHandler(fired)).Fired : fired;

    /// <summary>Wires a timer as the device arms it.</summary>
    public IVmTimer Timer(VmTimer timer) => Wire<IVmTimer>($"timer:{timer.Name}", timer);

    /// <summary>Whether anything may stand before a timer.</summary>
    public bool MayWrapTimer(string timer) => faults.Addresses<IVmTimer>(path, $"timer:{timer}");
}
