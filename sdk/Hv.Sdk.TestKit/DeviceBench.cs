using Hv.Sdk.FaultRules;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit;

/// <summary>One device on a bench: ports, memory, lines, time and backends in the hands of a test, no host needed.
/// After every step due timers and posted work have run, as on a strand that became free. One thread.</summary>
public sealed partial class DeviceBench : IDisposable
{
    private const int MaxCallbacksPerStep = 200_000;

    private readonly IDeviceFactory factory;
    private readonly List<BenchRegion> regions = [];
    private readonly Dictionary<string, BenchLine> lines = [];
    private readonly List<BenchLine> lineList = [];
    private readonly List<BenchInputs> inputs = [];
    private readonly List<BenchTimer> timers = [];
    private readonly Dictionary<Type, List<object>> services = [];
    private readonly SortedDictionary<string, object> backends = new(StringComparer.Ordinal);
    private readonly BenchClock clock;
    private readonly BenchEntropy entropy;
    private readonly BenchStrand strand = new();
    private readonly Dictionary<ulong, ulong?> deferred = [];
    private ulong nextTicket = 1;
    private int mapOrder;
    private bool isAttached;

    private DeviceBench(IDeviceFactory factory, BenchSetup setup)
    {
        this.factory = factory;
        Setup = setup;
        clock = new BenchClock(setup.EpochUnixNs);
        entropy = new BenchEntropy(setup.Seed);
        Memory = new BenchMemory(setup.MemoryBytes);
        Machine = new BenchMachine(setup.VcpuCount);
        if (setup.HasCharPort) backends["chardev"] = Chars;
        faultHost = new BenchFaultHost(this, clock, strand);
        faults = new FaultPlan(faultHost, setup.TakesFaults);
        foreach (BenchFault fault in setup.Faults) AddFault(fault);
        setup.Configure(this);
        Device = factory.Create(OptionTexts.Bind(factory.Options, setup.Options));
        Context = new BenchContext(this);
        if (setup.Placement.Pci is { } place)
        {
            IrqLine[] pins = [.. "abcd".Select(pin => Context.IrqOut("intx" + pin))];
            Pci = new BenchPciSlot(place, pins, f => faults.Wire(Path, "config", strand, f));
        }
        Device.Attach(setup.Decorate?.Invoke(Context) ?? Context);
        isAttached = true;
        foreach (FaultRule rule in faults.Rules) CheckPlace(rule);
    }

    /// <summary>Makes a bench with a device that was attached and had its power-on reset.</summary>
    public static DeviceBench Create(IDeviceFactory factory, BenchSetup? setup = null)
    {
        DeviceBench bench = new(factory, setup ?? new BenchSetup());
        bench.Reset(ResetKind.Cold);
        return bench;
    }

    /// <summary>The path of the device under test.</summary>
    public const string Path = "dut";

    /// <summary>What it was made from.</summary>
    public BenchSetup Setup { get; }
    /// <summary>The device under test.</summary>
    public IDevice Device { get; }
    /// <summary>What the device was attached to.</summary>
    public IDeviceContext Context { get; }
    /// <summary>Guest RAM.</summary>
    public BenchMemory Memory { get; }
    /// <summary>Message-signalled interrupts.</summary>
    public BenchMsi Msi { get; } = new();
    /// <summary>The serial line in slot <c>chardev</c>.</summary>
    public BenchChars Chars { get; } = new();
    /// <summary>What the device asked of the machine.</summary>
    public BenchMachine Machine { get; }
    /// <summary>What the device reported.</summary>
    public BenchLog Log { get; } = new();
    /// <summary>The PCI slot; null when the setup places the device elsewhere.</summary>
    public BenchPciSlot? Pci { get; }
    /// <summary>Virtual time now.</summary>
    public VmTime Now => clock.Now;
    /// <summary>Regions that the device claimed.</summary>
    public IReadOnlyList<BenchRegion> Regions => regions;
    /// <summary>Output lines that the device claimed.</summary>
    public IReadOnlyList<BenchLine> Lines => lineList;
    /// <summary>Groups of input pins that the device claimed, with their number of pins.</summary>
    public IEnumerable<(string Name, int Count)> Inputs => inputs.Select(i => (i.Name, i.Count));

    internal int NextMapOrder() => ++mapOrder;

    /// <summary>What is in the device's slots.</summary>
    public IEnumerable<object> Backends => backends.Values;

    // --- wiring, for BenchSetup.Configure ---

    /// <summary>Connects a backend to a slot.</summary>
    public void AddBackend(string slot, object backend) => backends[slot] = backend;

    /// <summary>Offers a service as another device of the machine would.</summary>
    public void AddService<T>(T service) where T : class => ServiceList(typeof(T)).Add(service);

    /// <summary>The backend in a slot.</summary>
    public T Backend<T>(string slot) where T : class => (T)backends[slot];

    /// <summary>The first service of a contract, the device's own included.</summary>
    public T Service<T>() where T : class => (T)ServiceList(typeof(T))[0];

    private List<object> ServiceList(Type contract) =>
        services.TryGetValue(contract, out List<object>? list) ? list : services[contract] = [];

    // --- the guest's side ---

    /// <summary>IN.</summary>
    public uint In(ushort port, int size = 1, int vcpu = 0) => (uint)Read(AddressSpace.Ports, port, size, vcpu);
    /// <summary>OUT.</summary>
    public void Out(ushort port, uint value, int size = 1, int vcpu = 0) =>
        Write(AddressSpace.Ports, port, size, value, vcpu);
    /// <summary>Reads memory-mapped I/O.</summary>
    public ulong ReadMmio(ulong address, int size = 4, int vcpu = 0) => Read(AddressSpace.Memory, address, size, vcpu);
    /// <summary>Writes memory-mapped I/O.</summary>
    public void WriteMmio(ulong address, ulong value, int size = 4, int vcpu = 0) =>
        Write(AddressSpace.Memory, address, size, value, vcpu);
    /// <summary>Reads configuration space of a PCI device.</summary>
    public uint ReadConfig(int offset, int size = 4) => Pci!.Function!.ReadConfig(offset, size);

    /// <summary>Writes configuration space of a PCI device.</summary>
    public void WriteConfig(int offset, uint value, int size = 4)
    {
        Pci!.Function!.WriteConfig(offset, size, value);
        Settle();
    }

    /// <summary>Reads as the bus does: what does not answer reads as ones.</summary>
    public ulong Read(AddressSpace space, ulong address, int size, int vcpu = 0)
    {
        IoStatus status = Access(space, address, size, vcpu, IoFlags.None, isWrite: false, 0, out ulong value);
        Settle();
        return status == IoStatus.Ok ? value & Mask(size) : Mask(size);
    }

    /// <summary>Writes as the bus does: what nobody takes is dropped.</summary>
    public void Write(AddressSpace space, ulong address, int size, ulong value, int vcpu = 0)
    {
        _ = Access(space, address, size, vcpu, IoFlags.None, isWrite: true, value & Mask(size), out _);
        Settle();
    }

    /// <summary>Reads as a debugger does.</summary>
    public IoStatus Peek(AddressSpace space, ulong address, int size, out ulong value) =>
        Access(space, address, size, 0, IoFlags.Debug, isWrite: false, 0, out value);

    /// <summary>One access, without letting timers and posted work run after it. Allocates nothing itself.</summary>
    public IoStatus Access(
        AddressSpace space, ulong address, int size, int vcpu, IoFlags flags, bool isWrite, ulong value,
            out ulong result)
    {
        result = 0;
        BenchRegion? region = Find(space, address, size);
        if (region is null) return IoStatus.NoRegister;
        IoAccess access = new()
        {
            Offset = address - region.Start,
            Token = region.Token,
            Initiator = (ushort)vcpu,
            Size = (byte)size,
            Flags = flags | (space == AddressSpace.Ports ? IoFlags.PortIo : IoFlags.None),
        };
        return isWrite ? region.Handler.Write(access, value) : region.Handler.Read(access, out result);
    }

    private BenchRegion? Find(AddressSpace space, ulong address, int size)
    {
        BenchRegion? found = null;
        foreach (BenchRegion region in regions)
            if (region.Holds(space, address, size) && (found is null || region.MapOrder > found.MapOrder)) found =
                region;
        return found;
    }

    private static ulong Mask(int size) => size == 8 ? ulong.MaxValue : (1ul << (size * 8)) - 1;

    // --- the board's side ---

    /// <summary>An output line.</summary>
    public BenchLine Line(string name) =>
        lines.TryGetValue(name, out BenchLine? line)
            ? line : throw new ContractException($"the device has no output '{name}'");

    /// <summary>Drives an input pin.</summary>
    public void Drive(string name, int pin, bool level)
    {
        FindInputs(name).Drive(pin, level);
        Settle();
    }

    private BenchInputs FindInputs(string name)
    {
        // No closure: driving a pin is a step, and steps allocate nothing.
        foreach (BenchInputs group in inputs)
        {
            if (group.Name == name) return group;
        }
        throw new ContractException($"the device has no input '{name}'");
    }

    /// <summary>Types into the serial line.</summary>
    public void Type(string text) => Type(System.Text.Encoding.Latin1.GetBytes(text));

    /// <summary>Types into the serial line.</summary>
    public void Type(ReadOnlySpan<byte> bytes)
    {
        Chars.Type(bytes);
        Settle();
    }

    /// <summary>Runs something on the device's strand, then what it caused.</summary>
    public void Run(Action work)
    {
        work();
        Settle();
    }

    // --- time ---

    /// <summary>Lets virtual time pass; timers fire at their deadlines, in order.</summary>
    public void Advance(long ns)
    {
        VmTime end = clock.Now.AddNs(ns);
        for (int callbacks = 0; ; callbacks++)
        {
            Settle();
            BenchTimer? next = NextTimer();
            if (next is null || next.Due > end) break;
            if (callbacks == MaxCallbacksPerStep) throw new ContractException(
                $"timer '{next.Name}' fired {callbacks} times in {ns} ns");
            if (next.Due > clock.Now) clock.Now = next.Due;
            next.Fire();
        }
        clock.Now = end;
    }

    /// <summary>When the next timer fires; <see cref="VmTime.Never"/> when none is armed.</summary>
    public VmTime NextDue => NextTimer()?.Due ?? VmTime.Never;

    private BenchTimer? NextTimer()
    {
        BenchTimer? next = null;
        foreach (BenchTimer timer in timers)
            if (timer.Due != VmTime.Never && (next is null || timer.Due < next.Due)) next = timer;
        foreach (BenchTimer timer in faultHost.Timers)
            if (timer.Due != VmTime.Never && (next is null || timer.Due < next.Due)) next = timer;
        return next;
    }

    private void Settle()
    {
        if (!strand.IsFree) throw new ContractException("the device left its strand entered");
        for (int callbacks = 0; ; callbacks++)
        {
            if (callbacks == MaxCallbacksPerStep) throw new ContractException("timers or posted work never end");
            if (strand.RunOne()) continue;
            BenchTimer? next = NextTimer();
            if (next is null || next.Due > clock.Now) return;
            next.Fire();
        }
    }

    /// <summary>Resets the device as the core does: lines low and timers cancelled first.</summary>
    public void Reset(ResetKind kind)
    {
        foreach (BenchTimer timer in timers) timer.Cancel();
        foreach (BenchLine line in lineList) line.Set(false);
        faults.Reset();
        Device.Reset(kind);
        Settle();
    }

    /// <inheritdoc/>
    public void Dispose() => Device.Dispose();
}
