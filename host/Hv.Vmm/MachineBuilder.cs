using System.Security.Cryptography;
using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Backends;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Faults;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>Turns a description into a machine. Everything is checked before anything of the host is touched beyond
/// opening files.</summary>
public sealed class MachineBuilder
{
    private const long DeterministicEpochUnixNs = 1_577_836_800_000_000_000; // 2020-01-01T00:00:00Z

    private readonly IExtensions extensions;
    private readonly IMachineLog log;

    /// <summary>A builder that finds plugins in <paramref name="extensions"/> and whose machines report to
    /// <paramref name="log"/>.</summary>
    /// <param name="extensions">Finds plugins.</param>
    /// <param name="log">Gets the messages.</param>
    public MachineBuilder(IExtensions extensions, IMachineLog log)
    {
        this.extensions = extensions;
        this.log = log;
    }

    /// <summary>Builds a machine in the state <see cref="Hv.Sdk.Management.MachineState.Created"/>. A plugin that does
    /// not return is left behind on a thread of its own, with what it has been given.</summary>
    /// <exception cref="ConfigurationException">The description is at fault: exit code 2.</exception>
    /// <exception cref="UnavailableException">Something asked for is not available here: exit code 5.</exception>
    /// <exception cref="PluginException">A plugin failed: exit code 4.</exception>
    public Machine Build(MachineDescription description) =>
        Supervised.Run("build", description.WatchdogPatience, () => BuildAll(description));

    private Machine BuildAll(MachineDescription description)
    {
        (string engineName, IEngine engine, OptionValues engineOptions) = FindEngine(description);
        BoardBuilder board = Describe(description);
        string firmwareName = description.Firmware?.Name ?? board.FirmwareName
            ?? throw new ConfigurationException(
                $"the board {description.Board.Name} has no firmware of its own: name one");
        IFirmware firmware = extensions.Firmware(firmwareName);
        OptionValues firmwareOptions = Bind("firmware " + firmwareName, firmware.Options,
            description.Firmware?.Options);
        Guard($"firmware {firmwareName}", () => firmware.Validate(description.Boot, firmwareOptions));

        Hardware hardware = MakeHardware(description, engineName);
        try
        {
            MapMemory(hardware, board);
            FaultInstaller faults = new(extensions, hardware);
            faults.AddAll(description.Faults);
            MakeDevices(hardware, board);
            MakeBackends(hardware, board);
            AttachDevices(hardware);
            Join(hardware, board);
            MakeVcpus(hardware, engine, engineOptions);
            hardware.Firmware = new FirmwareSetup(
                firmwareName, firmware, firmwareOptions, hardware, board,
                new DeviceLog("firmware " + firmwareName, log));
            hardware.Faults.Wire<IGuestMemory>(
                "machine", "memory", hardware.FaultHost.Strand, new GuestRam(hardware.Memory));
            faults.CheckPlaces();
            Machine machine = new(hardware, faults);
            machine.CheckSaveRequests();
            return machine;
        }
        catch
        {
            hardware.Dispose();
            throw;
        }
    }

    private (string Name, IEngine Engine, OptionValues Options) FindEngine(MachineDescription description)
    {
        bool mustBeExact = description.Time == TimeMode.Deterministic;
        if (description.Engine is { } choice)
        {
            IEngine chosen = extensions.Engine(choice.Name);
            if (WhyUnavailable(choice.Name, chosen) is { } why)
                throw new UnavailableException($"the engine {choice.Name} does not work here: {why}");
            if (mustBeExact && !IsExact(chosen))
                throw new UnavailableException($"the engine {choice.Name} cannot run deterministically; use interpret");
            return (choice.Name, chosen, Bind("engine " + choice.Name, chosen.Options, choice.Options));
        }
        List<string> reasons = [];
        foreach (string name in extensions.Engines)
        {
            IEngine engine = extensions.Engine(name);
            string? why = WhyUnavailable(name, engine);
            if (why is null && mustBeExact && !IsExact(engine)) why = "it cannot run deterministically";
            if (why is null) return (name, engine, Bind("engine " + name, engine.Options, null));
            reasons.Add($"{name}: {why}");
        }
        throw new UnavailableException(reasons.Count == 0
            ? "no engine is installed" : $"no engine works here ({string.Join("; ", reasons)})");
    }

    private string? WhyUnavailable(string name, IEngine engine) =>
        Guard($"the engine {name}", engine.WhyUnavailable);

    private static bool IsExact(IEngine engine)
    {
        const EngineTraits Needed = EngineTraits.Deterministic | EngineTraits.ExactBudget;
        return (engine.Traits & Needed) == Needed;
    }

    private static OptionValues Bind(string owner, OptionSchema schema, IReadOnlyDictionary<string, string>? given) =>
        OptionBinder.Bind(schema, given ?? new Dictionary<string, string>(), owner);

    private BoardBuilder Describe(MachineDescription description)
    {
        if (description.MemoryBytes == 0 || description.MemoryBytes % (1 << 20) != 0)
            throw new ConfigurationException($"memory of {description.MemoryBytes} bytes is not a multiple of 1 MiB");
        if (description.VcpuCount is < 1 or > 255)
            throw new ConfigurationException($"{description.VcpuCount} vCPUs: 1 to 255 are possible");
        List<DeviceRequest> requests = [];
        foreach (DeviceDescription device in description.Devices)
        {
            requests.Add(new DeviceRequest
            {
                Path = device.Path,
                Device = device.Model,
                Buses = extensions.Device(device.Model).Buses,
                Options = device.Options,
            });
        }
        IBoard plugin = extensions.Board(description.Board.Name);
        BoardBuilder builder = new(description, requests);
        OptionValues options = Bind("board " + description.Board.Name, plugin.Options, description.Board.Options);
        Guard($"board {description.Board.Name}", () => plugin.Build(builder, options));
        builder.Check(description.Board.Name);
        return builder;
    }

    private Hardware MakeHardware(MachineDescription description, string engineName)
    {
        bool isDeterministic = description.Time == TimeMode.Deterministic;
        ulong seed = description.Seed
            ?? (isDeterministic ? 0 : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        long epoch = description.EpochUnixNs
            ?? (isDeterministic ? DeterministicEpochUnixNs : (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100);
        WatchedThreads threads = new(description.Name);
        TimerQueue timers = new();
        VcpuEvents events = new();
        IMachineClock clock;
        IRunner runner;
        if (isDeterministic)
        {
            DeterministicClock counted = new(epoch);
            clock = counted;
            runner = new DeterministicRunner(threads, counted, timers, events);
        }
        else
        {
            RealTimeClock real = new(epoch);
            clock = real;
            runner = new RealTimeRunner(threads, real, timers, events);
        }
        try
        {
            return new Hardware
            {
                Description = description,
                Log = log,
                Seed = seed,
                BoardName = description.Board.Name,
                EngineName = engineName,
                Memory = new GuestMemory($"hv:{description.Name}", description.MemoryBytes),
                Clock = clock,
                Timers = timers,
                Control = new MachineControl(),
                Runner = runner,
                Events = events,
                Io = new IoPool(threads),
                Threads = threads,
            };
        }
        catch (IOException e)
        {
            throw new ConfigurationException(e.Message);
        }
    }

    private static void MapMemory(Hardware hardware, BoardBuilder board)
    {
        try
        {
            hardware.Memory.SetMap(board.Memory);
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationException($"the board {hardware.BoardName}: {e.Message}");
        }
    }

    private void MakeDevices(Hardware hardware, BoardBuilder board)
    {
        foreach (IrqFabric.Wire wire in board.AllWires()) hardware.Fabric.AddWire(wire);
        foreach (BoardBuilder.PlannedDevice planned in board.Devices)
        {
            DeviceModel model = extensions.Device(planned.Model);
            OptionValues options = Bind($"{planned.Path} ({planned.Model})", model.Factory.Options, planned.Options);
            IDevice device = Guard($"{planned.Path} ({planned.Model}, plugin {model.Plugin})",
                () => model.Factory.Create(options));
            Strand strand = new(planned.Path, model.Plugin, hardware.Runner,
                model.Threading == Threading.Serialized);
            DeviceNode node = new(planned.Path, model, device, strand, new DeviceLog(planned.Path, log),
                hardware.Events.DeviceFailed) { Options = planned.Options };
            DeviceContracts contracts = new(hardware, node);
            PciPlug? plug = planned.Placement.Pci is { } address
                ? new PciPlug(node, address, hardware.Fabric, contracts) : null;
            DeviceEntropy entropy = new(hardware.Seed, planned.Path);
            DeviceLink? link = hardware.Description.IsReloadable
                ? new DeviceLink(node, contracts, isLive: true) : null;
            hardware.Devices.Add(new DeviceContext(hardware, node, planned.Placement, entropy, plug, contracts, link));
        }
    }

    private void MakeBackends(Hardware hardware, BoardBuilder board)
    {
        bool isDeterministic = hardware.Description.Time == TimeMode.Deterministic;
        foreach (BackendDescription backend in hardware.Description.Backends)
        {
            string? path = backend.DevicePath ?? board.ConsolePath;
            if (path is null) continue; // a board without a console
            DeviceContext context = hardware.Devices.Find(d => d.Path == path)
                ?? throw new ConfigurationException($"there is no device '{path}' to connect a backend to");
            IBackendPort port = backend switch
            {
                ConsoleBackendDescription =>
                    hardware.Console = new ConsolePort(context.Node, hardware.Threads, isDeterministic),
                NullCharBackendDescription => new NullCharPort(context.Node, hardware.Threads),
                CharBackendDescription chars => OpenChars(chars, context.Node, hardware.Threads, isDeterministic),
                NetBackendDescription net => OpenNet(net, context.Node, hardware.Clock),
                DiskBackendDescription disk => new BlockPort(context.Node, disk.Slot, hardware.Memory,
                    OpenDisk(disk, context.Node, hardware), hardware.Io, hardware.Clock, hardware.Timers),
                _ => throw new ConfigurationException($"{path}: unknown kind of backend"),
            };
            if (hardware.Connect(path, backend.Slot, port)) continue;
            port.Dispose();
            throw new ConfigurationException($"{path}: two backends are connected to its {backend.Slot}");
        }
    }

    private DiskMedium OpenDisk(DiskBackendDescription disk, DeviceNode node, Hardware hardware)
    {
        DiskMedium medium = DiskMedium.Open(disk, node.Path, hardware.Description.Name, extensions);
        medium.Wrap(image => hardware.Faults.Wire(node.Path, $"{disk.Slot}:image", node.Strand, image));
        return medium;
    }

    private StreamPort OpenChars(CharBackendDescription description, DeviceNode node, WatchedThreads threads,
        bool isDeterministic)
    {
        string name = description.Backend.Name;
        ICharBackend backend = extensions.CharBackend(name);
        OptionValues options = Bind("character backend " + name, backend.Options, description.Backend.Options);
        ICharStream stream = Guard("character backend " + name, () => backend.Open(options, node.Log));
        return new StreamPort(node, threads, isDeterministic, name, stream);
    }

    private NetPort OpenNet(NetBackendDescription description, DeviceNode node, IMachineClock clock)
    {
        NetPort port = new(node, clock);
        if (description.Backend is not { } choice) return port;
        INetBackend backend = extensions.NetBackend(choice.Name);
        OptionValues options = Bind("network backend " + choice.Name, backend.Options, choice.Options);
        port.Connect(choice.Name, Guard("network backend " + choice.Name, () => backend.Open(port, options)));
        return port;
    }

    private void AttachDevices(Hardware hardware)
    {
        foreach (DeviceContext context in hardware.Devices)
        {
            Guard($"{context.Path} (plugin {context.Node.Model.Plugin})", () =>
            {
                using StrandScope scope = context.Node.Strand.Enter();
                context.Node.Device.Attach(context);
            });
            context.Seal();
        }
    }

    private void Join(Hardware hardware, BoardBuilder board)
    {
        hardware.Processors = new Processors(hardware.Fabric, hardware.Runner,
            hardware.Description.VcpuCount, hardware.Events);
        hardware.Fabric.Connect();
        hardware.Msi.Connect(
            hardware.Services.Of<IMsiTarget>().FirstOrDefault(), hardware.Services.ProviderOf<IMsiTarget>());

        Dictionary<string, Strand> strands = hardware.Devices.ToDictionary(d => d.Path, d => d.Node.Strand);
        strands.Add(hardware.Processors.Path, hardware.Processors.Strand);
        HashSet<(Strand, Strand)> calls = [];
        foreach (IrqFabric.Wire wire in board.AllWires()) calls.Add((strands[wire.FromPath], strands[wire.ToPath]));

        IPciBus? bus = hardware.Services.Of<IPciBus>().FirstOrDefault();
        DeviceNode? bridge = hardware.Services.ProviderOf<IPciBus>();
        foreach (PciPlug plug in hardware.Devices.Select(d => d.PciPlug).OfType<PciPlug>().Where(p => p.IsAttached))
        {
            if (bus is null)
                throw new ConfigurationException($"the board {hardware.BoardName} has no PCI bus for {plug.Node.Path}");
            bus.Plug(plug.Address, plug);
            if (bridge != plug.Node) calls.Add((bridge!.Strand, plug.Node.Strand));
        }
        Strand faults = hardware.FaultHost.Strand;
        calls.UnionWith(LooksOfFaults(hardware, strands));
        StrandPlan.Apply([faults, .. strands.Values], calls);
        foreach (Gate gate in hardware.Devices.Select(d => d.Node.Strand.Gate).OfType<Gate>())
        {
            gate.OrderBroken = g => log.Write("core", LogLevel.Warn,
                $"the strand of {g.Name} was entered against the order of locks; a deadlock is possible", null);
        }
    }

    // A rule that waits for the state of another device looks at it from the strand of its own place.
    private static IEnumerable<(Strand, Strand)> LooksOfFaults(Hardware hardware, Dictionary<string, Strand> strands)
    {
        foreach (FaultRule rule in hardware.Faults.Rules)
        {
            if (rule.When.While?.Path is not { } path || !strands.TryGetValue(path, out Strand? seen)) continue;
            yield return (hardware.FaultHost.Strand, seen);
            foreach (FaultSite site in rule.Sites)
            {
                if (strands.TryGetValue(site.Path, out Strand? from)) yield return (from, seen);
            }
        }
    }

    private void MakeVcpus(Hardware hardware, IEngine engine, OptionValues options)
    {
        ILocalApics apics = hardware.Services.Of<ILocalApics>().FirstOrDefault()
            ?? throw new ConfigurationException($"the board {hardware.BoardName} has no local APICs");
        Callee apic = hardware.Services.ProviderOf<ILocalApics>()!.Strand.Callee;
        hardware.EngineEntropy = new DeviceEntropy(hardware.Seed, "engine");
        PartitionContext context = new(hardware.Description,
            hardware.Faults.Wire<IVmClock>("engine", "clock", hardware.FaultHost.Strand, hardware.Clock),
            hardware.EngineEntropy,
            new DeviceLog($"engine {hardware.EngineName}", log), hardware.Processors!);
        Guard($"engine {hardware.EngineName}", () =>
        {
            hardware.Partition = engine.CreatePartition(context, options);
            hardware.Memory.Connect(hardware.Partition);
            hardware.Processors!.Connect(hardware.Partition);
            for (int i = 0; i < hardware.Description.VcpuCount; i++)
            {
                hardware.Vcpus.Add(new VcpuNode(
                    i, hardware.EngineName, hardware.Partition, new RecordedApic(apics[i], apic), hardware.Ports,
                    hardware.Mmio, hardware.Faults, hardware.FaultHost.Strand, hardware.ReadCompleted));
            }
        });
    }

    private void Guard(string who, Action call) => Guard(who, () =>
    {
        call();
        return true;
    });

    // What a plugin may throw while a machine is built passes through; anything else is its failure.
    private T Guard<T>(string who, Func<T> call)
    {
        using CallScope scope = CallRecord.Enter(Callee.Of(who));
        try
        {
            return call();
        }
        catch (Exception e) when (e is not (ConfigurationException or UnavailableException or PluginException))
        {
            throw new PluginException($"{who} failed while the machine was built: {e.GetType().Name}: {e.Message}", e);
        }
    }
}
