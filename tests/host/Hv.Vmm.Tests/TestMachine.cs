using System.Collections.Concurrent;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Management;
using Hv.Sdk.Net;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

/// <summary>Builds machines from scripts, lambdas and a board with a local APIC and what the test adds.</summary>
internal sealed class TestMachine : IExtensions, IBoard, IFirmware, IMachineLog
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, DeviceModel> models = [];
    private readonly Dictionary<string, IDiskFormat> formats = [];
    private readonly Dictionary<string, IFaultFactory> faults = [];
    private readonly List<Action<IBoardBuilder>> steps = [];

    public TestMachine(params Step[][] scripts)
    {
        ScriptedEngine = new ScriptedEngine(scripts);
        Add("apic", () => Apics = new TestApics(), Threading.Concurrent);
    }

    public ScriptedEngine ScriptedEngine { get; }
    public TestApics? Apics { get; private set; }
    public ConcurrentQueue<string> Messages { get; } = new();
    public INetBackend? Network { get; set; }
    public ICharBackend? Chars { get; set; }
    public Action OnInstall { get; set; } = () => { };
    public int Installs;

    public MachineDescription Description { get; set; } = new()
    {
        Name = "test",
        Board = new ExtensionChoice { Name = "test" },
        MemoryBytes = 1 << 20,
        WatchdogPatience = TimeSpan.FromSeconds(30),
    };

    /// <summary>Puts a device on the board.</summary>
    public TestMachine Add(string path, Func<IDevice> make, Threading threading = Threading.Serialized,
        Placement? placement = null, string plugin = "test")
    {
        models[path] = new DeviceModel
        {
            Name = path,
            Plugin = plugin,
            PluginVersion = "1.0",
            Factory = new LambdaFactory(make),
            Threading = threading,
        };
        steps.Add(b => b.Add(path, path, placement ?? Placement.None, new Dictionary<string, string>()));
        return this;
    }

    /// <summary>Puts a device of lambdas on the board.</summary>
    public TestMachine Add(string path, Action<LambdaDevice, IDeviceContext> attach, string plugin = "test") =>
        Add(path, () => new LambdaDevice(attach), plugin: plugin);

    public TestMachine Wire(string from, string output, string to, string input, int pin)
    {
        steps.Add(b => b.Wire(from, output, to, input, pin));
        return this;
    }

    public TestMachine Describe(Action<IBoardBuilder> step)
    {
        steps.Add(step);
        return this;
    }

    public TestMachine Format(string name, IDiskFormat format)
    {
        formats[name] = format;
        return this;
    }

    public TestMachine Fault(string name, IFaultFactory fault)
    {
        faults[name] = fault;
        return this;
    }

    public Machine Make() => new MachineBuilder(this, this).Build(Description);

    public Machine Begin()
    {
        Machine machine = Make();
        machine.Start();
        return machine;
    }

    /// <summary>Runs a machine to its end.</summary>
    public MachineOutcome Run()
    {
        using Machine machine = Begin();
        return Wait(machine);
    }

    public static MachineOutcome Wait(Machine machine)
    {
        if (!machine.Completion.Wait(Patience)) throw new TimeoutException("the machine does not end");
        return machine.Completion.Result;
    }

    public ScriptedVcpu Vcpu(int index) => ScriptedEngine.Partition!.Vcpus[index];

    // ---- IExtensions

    IReadOnlyList<string> IExtensions.Engines => ["scripted"];
    IReadOnlyList<string> IExtensions.DiskFormats => [.. formats.Keys];
    IEngine IExtensions.Engine(string name) => ScriptedEngine;
    IBoard IExtensions.Board(string name) => this;
    IFirmware IExtensions.Firmware(string name) => this;
    DeviceModel IExtensions.Device(string name) =>
        models.TryGetValue(name, out DeviceModel? model)
            ? model : throw new ConfigurationException($"no device {name}");
    IDiskFormat IExtensions.DiskFormat(string name) => formats[name];
    INetBackend IExtensions.NetBackend(string name) => Network ?? throw new ConfigurationException(name);
    ICharBackend IExtensions.CharBackend(string name) => Chars ?? throw new ConfigurationException(name);
    IFaultFactory IExtensions.Fault(string name) =>
        faults.TryGetValue(name, out IFaultFactory? fault)
            ? fault : throw new ConfigurationException($"no fault {name}");

    // ---- IBoard, IFirmware

    OptionSchema IBoard.Options => OptionSchema.Empty;
    OptionSchema IFirmware.Options => OptionSchema.Empty;

    void IBoard.Build(IBoardBuilder builder, OptionValues options)
    {
        builder.Ram(new GuestPhysicalAddress(0), builder.MemoryBytes, 0);
        builder.DefaultFirmware("test");
        foreach (Action<IBoardBuilder> step in steps) step(builder);
    }

    void IFirmware.Validate(BootInputs inputs, OptionValues options)
    {
    }

    void IFirmware.Install(IFirmwareContext context, OptionValues options)
    {
        Installs++;
        OnInstall();
    }

    // ---- IMachineLog

    bool IMachineLog.IsEnabled(string source, LogLevel level) => true;

    void IMachineLog.Write(string source, LogLevel level, string message, Exception? exception) =>
        Messages.Enqueue($"{level} {source}: {message}");
}
