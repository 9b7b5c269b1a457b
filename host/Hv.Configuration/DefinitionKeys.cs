using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.FaultRules;

namespace Hv.Configuration;

/// <summary>Every key of a VM definition. The flags of <c>hv run</c>, its help, the JSON schema and the validation all
/// come from this table.</summary>
public static class DefinitionKeys
{
    private const string Boot = "What to boot";
    private const string Hardware = "The machine";
    private const string Devices = "Devices";
    private const string Faults = "Faults";
    private const string Run = "The run";

    private static readonly string[] CpuModels = ["x86-64-v1", "x86-64-v2", "x86-64-v3", "max"];
    private static readonly string[] LogLevels = ["trace", "debug", "info", "warn", "error"];

    /// <summary>All keys, in the order of help.</summary>
    public static IReadOnlyList<DefinitionKey> All { get; } =
    [
        Key(Boot, "F", Path("kernel", "Linux kernel (bzImage, or an ELF image with a PVH entry)")),
        Key(Boot, "F", Path("initrd", "initial RAM disk for the kernel")),
        Key(Boot, "S", Text("append", "kernel command line")),
        Key(Boot, "ORDER", Text("boot", "what firmware tries first, for example cd,disk")),
        Named(Boot, "NAME", Text("firmware", "firmware; the board knows a default"), ExtensionKind.Firmware, []),

        Key(Hardware, "NAME", Text("name", "name of the VM: in messages, logs and disk locks")),
        Key(Hardware, "SIZE", new OptionInfo
        {
            Name = "memory", Type = OptionType.Size, Summary = "RAM; a bare number is in MiB", Default = "512M",
            Minimum = 1 << 20, Maximum = 1UL << 40,
        }),
        Key(Hardware, "N", new OptionInfo
        {
            Name = "cpus", Type = OptionType.Number, Summary = "vCPUs", Default = "1", Minimum = 1, Maximum = 255,
        }),
        Key(Hardware, "MODEL", Choice("cpu", "CPU model", "max", CpuModels)),
        Named(Hardware, "NAME", Text("engine", "what runs the vCPUs; auto takes the fastest that works here", "auto"),
            ExtensionKind.Engine, ["auto"]),
        Named(Hardware, "NAME", Text("board", "which chips there are and how they are wired", "microvm"),
            ExtensionKind.Board, []),

        new DefinitionKey
        {
            Value = Path("disk", "a disk; format is found out when not given"),
            Placeholder = "F[,format=,bus=,readonly,…]", Group = Devices, IsRepeatable = true, AddsToDefinition = true,
            Head = "file",
            Parts =
            [
                Text("format", "disk format, for example raw"),
                Choice("bus", "how the guest sees it", "virtio", ["virtio", "ide", "ahci", "scsi", "nvme"]),
                Switch("readonly", "the guest cannot write"),
                Switch("discard-writes", "writes are kept in memory and forgotten at the end"),
                Text("serial", "serial number that the guest sees, up to 20 characters"),
                Text("name", "name of the device in the VM"),
            ],
        },
        List(Devices, "F", Path("cdrom", "a CD-ROM image")),
        List(Devices, "F", Path("floppy", "a floppy image")),
        new DefinitionKey
        {
            Value = Text("net", "a network card and what it is connected to"),
            Placeholder = "BACKEND[,model=,key=value…]", Group = Devices, IsRepeatable = true, Head = "backend",
            Names = ExtensionKind.NetBackend, BuiltIn = ["none"],
            Parts = [Text("model", "model of the card", "virtio-net"), Text("name", "name of the device in the VM")],
        },
        List(Devices, "PROTO:HOST:PORT:GUESTPORT",
            Text("forward", "forwards a port of the host to the guest, for example tcp:127.0.0.1:2222:22")),
        new DefinitionKey
        {
            Value = Text("serial", "what the next serial port is connected to", "stdio"),
            Placeholder = "stdio|none|BACKEND:TARGET[,model=,…]", Group = Devices, IsRepeatable = true,
            Head = "backend",
            Names = ExtensionKind.CharBackend, BuiltIn = ["stdio", "none"],
            Parts = [Text("model",
                "model of the port, for example virtio-console; the first is the board's own when not given")],
        },
        new DefinitionKey
        {
            Value = Text("device", "a device (hv device list, hv device help NAME)"),
            Placeholder = "NAME[,key=value…]", Group = Devices, IsRepeatable = true, AddsToDefinition = true,
            Head = "model",
            Names = ExtensionKind.Device, Parts = [Text("name", "name of the device in the VM")],
        },
        new DefinitionKey
        {
            Value = Text("display", "how to see the guest's screen", "none"),
            Placeholder = "none|NAME[,…]", Group = Devices, Head = "front-end", Names = ExtensionKind.FrontEnd,
            BuiltIn = ["none"],
        },
        Key(Devices, "PORT", new OptionInfo
        {
            Name = "exit-port", Type = OptionType.Number, Maximum = 0xFFFF,
            Summary = "I/O port whose writes end the run with code ((v << 1) | 1) & 255",
        }),

        new DefinitionKey
        {
            Value = Text("fault", "a fault to inject (hv fault list, hv fault help NAME)"), Section = "faults",
            Placeholder = "NAME,where=DEVICE[:POINT][,nth=N,…][,key=value…]", Group = Faults, IsRepeatable = true,
            AddsToDefinition = true, Head = "fault", Names = ExtensionKind.Fault,
            Parts =
            [
                new OptionInfo
                {
                    Name = "where", Type = OptionType.Text, IsRequired = true,
                    Summary = "DEVICE[:POINT], both with * and ?, for example disk0 or serial*:irq:*",
                },
                Text("name", "name of the rule, in messages and results"),
                .. FaultWhen.Schema.Options,
            ],
        },

        Key(Run, "MODE", Choice("time", "virtual time follows the host, or the instructions that were retired", "real",
            ["real", "deterministic"])),
        Key(Run, "N", new OptionInfo
        {
            Name = "seed", Type = OptionType.Number,
            Summary = "seed of all randomness; the same gives the same deterministic run",
        }),
        Key(Run, "N", new OptionInfo
        {
            Name = "state-hash-every", Type = OptionType.Number,
            Summary = "deterministic time: put a hash of the whole state into the result every N instructions",
        }),
        Key(Run, "TIME", new OptionInfo
        {
            Name = "timeout", Type = OptionType.Duration, Minimum = 1,
            Summary = "end the run after this long, with code 124",
        }),
        Key(Run, "TIME", new OptionInfo
        {
            Name = "watchdog", Type = OptionType.Duration, Default = "20s", Minimum = 1_000_000_000,
            Summary = "end the run, with code 4, when a call into a plugin has not returned for this long",
        }),
        Key(Run, "", Switch("no-reboot", "a reset ends the run")),
        Key(Run, "", Switch("reloadable",
            "plugins of devices can be replaced while the VM runs (hv plugin reload); a little slower")),
        Key(Run, "F", Path("save-on-exit", "save the VM to this file when it is ended from outside")),
        Key(Run, "F", Path("restore", "go on from a saved VM")),
        Key(Run, "F", Path("result", "write how the run ended, as JSON")),
        Key(Run, "LEVEL", Choice("log-level", "least important message to show", "warn", LogLevels)),
    ];

    /// <summary>The key of that name, or null.</summary>
    public static DefinitionKey? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    /// <summary>The key that stands in a definition under that name, or null.</summary>
    public static DefinitionKey? FindInDefinition(string name) => All.FirstOrDefault(k => k.NameInDefinition == name);

    private static DefinitionKey Key(string group, string placeholder, OptionInfo value) =>
        new() { Value = value, Placeholder = placeholder, Group = group };

    private static DefinitionKey List(string group, string placeholder, OptionInfo value) =>
        new() { Value = value, Placeholder = placeholder, Group = group, IsRepeatable = true, AddsToDefinition = true };

    private static DefinitionKey Named(
        string group, string placeholder, OptionInfo value, ExtensionKind kind, IReadOnlyList<string> builtIn) =>
        new() { Value = value, Placeholder = placeholder, Group = group, Head = "name", Names = kind,
            BuiltIn = builtIn };

    private static OptionInfo Text(string name, string summary, string? fallback = null) =>
        new() { Name = name, Type = OptionType.Text, Summary = summary, Default = fallback };

    private static OptionInfo Path(string name, string summary) =>
        new() { Name = name, Type = OptionType.Path, Summary = summary };

    private static OptionInfo Switch(string name, string summary) =>
        new() { Name = name, Type = OptionType.Flag, Summary = summary };

    private static OptionInfo Choice(string name, string summary, string fallback, string[] choices) =>
        new() { Name = name, Type = OptionType.Choice, Summary = summary, Default = fallback, Choices = choices };
}
