using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Vmm.Backends;
using Hv.Vmm.Buses;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Faults;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>The parts of one machine, put together by the builder and driven by <see cref="Machine"/>. Lists are
/// complete and do not change once the machine is built.</summary>
internal sealed class Hardware
{
    private FaultHost? faultHost;
    private FaultPlan? faults;
    private readonly Dictionary<(string Path, string Slot), IBackendPort> backends = [];

    public required MachineDescription Description { get; init; }
    public required IMachineLog Log { get; init; }
    public required ulong Seed { get; set; }
    public required string BoardName { get; init; }
    public required string EngineName { get; init; }
    public required GuestMemory Memory { get; init; }
    public required IMachineClock Clock { get; init; }
    public required TimerQueue Timers { get; init; }
    public required MachineControl Control { get; init; }
    public required IRunner Runner { get; init; }
    public required VcpuEvents Events { get; init; }
    public required IoPool Io { get; init; }
    public required WatchedThreads Threads { get; init; }
    public IrqFabric Fabric { get; } = new();
    public MsiRouter Msi { get; } = new();
    public AddressBus Ports { get; } = new(AddressSpace.Ports);
    public AddressBus Mmio { get; } = new(AddressSpace.Memory);
    public ServiceTable Services { get; } = new();
    public List<DeviceContext> Devices { get; } = [];
    public List<VcpuNode> Vcpus { get; } = [];
    public IPartition? Partition { get; set; }
    public DeviceEntropy? EngineEntropy { get; set; }
    public Processors? Processors { get; set; }
    public FirmwareSetup? Firmware { get; set; }
    public ConsolePort? Console { get; set; }

    /// <summary>Every contract of this machine is wired through it.</summary>
    public FaultPlan Faults => faults ??= new FaultPlan(FaultHost, Description.TakesFaults);
    /// <summary>What fault rules need of this machine.</summary>
    public FaultHost FaultHost => faultHost ??= new FaultHost(this);

    /// <summary>All streams of randomness: one for each device, and the engine's.</summary>
    public IEnumerable<DeviceEntropy> Entropies => [.. Devices.Select(d => d.DeviceEntropy), EngineEntropy!];

    /// <summary>Backends by device and slot, in the order of the description.</summary>
    public IReadOnlyCollection<KeyValuePair<(string Path, string Slot), IBackendPort>> Backends => backends;

    /// <summary>The port in a device's slot; null when the definition connected nothing.</summary>
    public IBackendPort? Backend(string path, string slot) => backends.GetValueOrDefault((path, slot));

    /// <summary>Connects a port to a slot; false when the slot is taken.</summary>
    public bool Connect(string path, string slot, IBackendPort port) => backends.TryAdd((path, slot), port);

    /// <summary>A postponed read of a vCPU is answered. Any thread.</summary>
    public void ReadCompleted(int vcpu)
    {
        Vcpus[vcpu].Wake.Set();
        Runner.Notify(vcpu);
    }

    /// <summary>Gives everything back, whatever is there. After all threads have ended.</summary>
    public void Dispose()
    {
        foreach (DeviceContext device in Devices) Contain(device.Node.Path, device.Node.Device.Dispose);
        foreach (IBackendPort port in backends.Values) Contain("backend", port.Dispose);
        foreach (VcpuNode vcpu in Vcpus) Contain("vcpu", vcpu.Dispose);
        if (Partition is { } partition) Contain("engine", partition.Dispose);
        Io.Dispose();
        Runner.Dispose();
        Memory.Dispose();
    }

    private void Contain(string what, Action dispose)
    {
        using CallScope scope = CallRecord.Enter(Callee.Of($"the end of {what}"));
        try
        {
            dispose();
        }
        catch (Exception e)
        {
            Log.Write(what, LogLevel.Warn, "disposing failed", e);
        }
    }
}
