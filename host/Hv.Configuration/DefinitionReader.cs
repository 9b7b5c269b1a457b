using System.Globalization;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.Firmware;
using Hv.Sdk.Management;
using Hv.Vmm.Description;

namespace Hv.Configuration;

/// <summary>Turns settings into a definition. Every mistake is found before anything is made: names against the
/// installed plugins, options against their schemas, files against the disk.</summary>
public sealed partial class DefinitionReader
{
    private const string FirstSerialModel = "uart16550";

    private readonly Dictionary<(ExtensionKind Kind, string Name), OptionSchema> schemas = [];
    private readonly PluginCatalog catalog;
    private readonly DefinitionSettings settings;
    private readonly DiagnosticBag bag;
    private readonly List<DeviceDescription> devices = [];
    private readonly List<BackendDescription> backends = [];
    private readonly List<ExtensionChoice> frontEnds = [];
    private readonly List<FaultDescription> faults = [];

    private DefinitionReader(PluginCatalog catalog, DefinitionSettings settings, DiagnosticBag bag)
    {
        this.catalog = catalog;
        this.settings = settings;
        this.bag = bag;
    }

    /// <summary>Reads; null, with every mistake in <paramref name="bag"/>, when there are any.</summary>
    /// <exception cref="UnavailableException">An engine that Hv knows is not part of this installation.</exception>
    public static VmDefinition? Read(PluginCatalog catalog, DefinitionSettings settings, DiagnosticBag bag) =>
        new DefinitionReader(catalog, settings, bag).Read();

    private VmDefinition? Read()
    {
        OptionValues scalars = ReadScalars();
        catalog.IsReloadable = scalars.Flag("reloadable"); // before the first plugin is asked for its options
        if (scalars.Has("watchdog"))
        {
            catalog.Patience = DurationOf(scalars, "watchdog");
        }

        ExtensionChoice board = ReadChoice("board") ?? new ExtensionChoice { Name = "microvm" };
        ExtensionChoice? engine = ReadEngine();
        ExtensionChoice? firmware = ReadChoice("firmware");
        ReadDisks();
        ReadNetworks();
        ReadSerialPorts();
        ReadDevices();
        ReadExitPort(scalars);
        ReadDisplay();
        ReadFaults();
        CheckDevicePaths();
        CheckMemory(scalars);
        CheckBoot(scalars, firmware);
        if (bag.HasErrors)
        {
            return null;
        }

        return new VmDefinition
        {
            Machine = Describe(scalars, board, engine, firmware),
            FrontEnds = frontEnds,
            ResultFile = ResolvedPath("result"),
            LogLevel = Enum.Parse<LogLevel>(scalars.Text("log-level")!, ignoreCase: true),
        };
    }

    private MachineDescription Describe(
        OptionValues scalars, ExtensionChoice board, ExtensionChoice? engine, ExtensionChoice? firmware)
    {
        string name = scalars.Text("name")
            ?? (settings.File is { } file ? Path.GetFileNameWithoutExtension(file) : "vm");
        return new MachineDescription
        {
            Name = name,
            Id = MachineIdentity.Of(name, scalars.Number("seed")),
            Board = board,
            Engine = engine,
            Firmware = firmware,
            Boot = new BootInputs
            {
                Kernel = ResolvedPath("kernel"),
                Initrd = ResolvedPath("initrd"),
                CommandLine = scalars.Text("append") ?? "",
                BootOrder = scalars.Text("boot"),
            },
            MemoryBytes = scalars.Number("memory"),
            VcpuCount = (int)scalars.Number("cpus"),
            CpuModel = scalars.Text("cpu")!,
            Devices = devices,
            Backends = backends,
            Faults = faults,
            Time = scalars.Text("time") == "deterministic" ? TimeMode.Deterministic : TimeMode.Real,
            Seed = scalars.Has("seed") ? scalars.Number("seed") : null,
            StateHashInterval = scalars.Number("state-hash-every"),
            NoReboot = scalars.Flag("no-reboot"),
            IsReloadable = scalars.Flag("reloadable"),
            Timeout = scalars.Has("timeout") ? DurationOf(scalars, "timeout") : null,
            WatchdogPatience = DurationOf(scalars, "watchdog"),
            RestoreFrom = ResolvedPath("restore"),
            SaveOnExit = ResolvedPath("save-on-exit"),
        };
    }

    private static TimeSpan DurationOf(OptionValues scalars, string key) =>
        TimeSpan.FromMicroseconds(scalars.Number(key) / 1000.0);

    /// <summary>All keys that hold one value without parts, checked against their types and bounds.</summary>
    private OptionValues ReadScalars()
    {
        DefinitionKey[] keys = [.. DefinitionKeys.All.Where(k => k.Head is null && !k.IsRepeatable)];
        var given = new Dictionary<string, string>();
        foreach (DefinitionKey key in keys)
        {
            if (settings[key] is [var value])
            {
                given.Add(key.Name, key.Name == "memory" ? InMebibytes(value.Text) : value.Text);
            }
        }

        return Bind(new OptionSchema([.. keys.Select(k => k.Value)]), given, name =>
            settings[DefinitionKeys.Find(name)!][0].Place);
    }

    /// <summary>A bare number of memory is mebibytes, as users of other machine emulators write it; a number of bytes
    /// is longer.</summary>
    private static string InMebibytes(string text) =>
        text.Length is > 0 and <= 6 && text.All(char.IsAsciiDigit) ? text + "M" : text;

    private ExtensionChoice? ReadEngine()
    {
        DefinitionKey key = DefinitionKeys.Find("engine")!;
        if (settings[key] is not [var value])
        {
            return null;
        }

        Compound engine = Compound.Read(value, key, bag);
        if (engine.Head.Text == "auto")
        {
            return null;
        }

        if (engine.Head.Text is "kvm" or "translate" or "interpret"
            && catalog.Find(ExtensionKind.Engine, engine.Head.Text) is null)
        {
            // An explicit choice never falls back; the name is right, so it is no mistake in the definition either.
            Diagnostic why = catalog.Explain(ExtensionKind.Engine, engine.Head.Text, engine.Head.Place);
            throw new UnavailableException(why.Code == Codes.UnknownName
                ? $"the engine '{engine.Head.Text}' is not part of this installation: use --engine auto"
                : why.ToString());
        }

        return Choose(ExtensionKind.Engine, engine);
    }

    private ExtensionChoice? ReadChoice(string keyName)
    {
        DefinitionKey key = DefinitionKeys.Find(keyName)!;
        string? text = key.Value.Default;
        return settings[key] switch
        {
            [var value] => Choose(key.Names!, Compound.Read(value, key, bag)),
            _ when text is not null && catalog.Find(key.Names!, text) is null =>
                Missing(key.Names!, text, Place.Of(key.Flag)),
            _ => null,
        };
    }

    private ExtensionChoice? Missing(ExtensionKind kind, string name, Place place)
    {
        bag.AddRange([catalog.Explain(kind, name, place)]);
        return null;
    }

    /// <summary>Checks that the head is provided and that the parts are its options.</summary>
    private ExtensionChoice? Choose(ExtensionKind kind, Compound compound)
    {
        string name = compound.Head.Text;
        if (name.Length == 0)
        {
            return null;
        }

        if (catalog.Find(kind, name) is not { } entry)
        {
            return Missing(kind, name, compound.Head.Place);
        }

        OptionSchema schema = SchemaOf(kind, name);
        Dictionary<string, string> options = OptionsOf(entry, schema, compound);
        Bind(schema, options, option =>
            compound.Parts.TryGetValue(option, out Part part) ? part.Place : compound.Place);
        return new ExtensionChoice { Name = name, Options = options };
    }

    /// <summary>Asks a plugin once, whatever comes of it: one that fails is reported once.</summary>
    private OptionSchema SchemaOf(ExtensionKind kind, string name)
    {
        if (schemas.TryGetValue((kind, name), out OptionSchema? known))
        {
            return known;
        }

        OptionSchema schema = OptionSchema.Empty;
        try
        {
            schema = ExtensionSchemas.Of(catalog, kind, name);
        }
        catch (DiagnosticException e)
        {
            bag.AddRange(e.Diagnostics);
        }

        schemas.Add((kind, name), schema);
        return schema;
    }

    private Dictionary<string, string> OptionsOf(CatalogEntry entry, OptionSchema schema, Compound compound)
    {
        var options = compound.Parts.ToDictionary(
            p => p.Key,
            p => schema.Options.Any(o => o.Name == p.Key && o.Type == OptionType.Path)
                ? Resolve(p.Value) : p.Value.Text);

        // What plugins.json sets for the plugin stands below what the definition says.
        foreach ((string key, string value) in entry.Plugin.Entry.Options)
        {
            if (schema.Options.Any(o => o.Name == key))
            {
                options.TryAdd(key, value);
            }
        }

        return options;
    }

    private OptionValues Bind(
        OptionSchema schema, IReadOnlyDictionary<string, string> given, Func<string, Place> placeOf)
    {
        var problems = new List<OptionProblem>();
        OptionValues values = OptionBinder.Bind(schema, given, problems);
        foreach (OptionProblem problem in problems)
        {
            bag.Error(problem.Kind, placeOf(problem.Option), problem.Problem, problem.Remedy);
        }

        return values;
    }

    private void CheckMemory(OptionValues scalars)
    {
        ulong bytes = scalars.Number("memory", 1 << 20);
        if (bytes % (1 << 20) != 0)
        {
            bag.Error(Codes.BadValue, settings[DefinitionKeys.Find("memory")!][0].Place,
                "memory is not a multiple of 1 MiB",
                $"for example {bytes >> 20}M");
        }
    }

    private void CheckBoot(OptionValues scalars, ExtensionChoice? firmware)
    {
        CheckFile("kernel");
        CheckFile("initrd");
        CheckFile("restore");
        bool hasKernel = settings[DefinitionKeys.Find("kernel")!].Count > 0;
        if (scalars.Has("initrd") && !hasKernel)
        {
            bag.Error(Codes.Contradiction, settings[DefinitionKeys.Find("initrd")!][0].Place,
                "an initrd needs a kernel",
                "add --kernel F");
        }

        bool hasDisk = backends.OfType<DiskBackendDescription>().Any();
        if (!hasKernel && firmware is null && !hasDisk && !scalars.Has("restore") && !bag.HasErrors)
        {
            bag.Error(Codes.NothingToBoot, Place.Of(settings.File ?? "hv run"), "there is nothing to boot",
                "try hv run linux, or give --kernel F, --disk F or --firmware NAME");
        }
    }

    private void CheckFile(string keyName)
    {
        if (settings[DefinitionKeys.Find(keyName)!] is [var value])
        {
            CheckFile(new Part(value.Text, value.Place), keyName);
        }
    }

    private void CheckFile(Part part, string what)
    {
        string path = Resolve(part);
        if (!File.Exists(path))
        {
            bool isFolder = Directory.Exists(path);
            bag.Error(Codes.FileUnreadable, part.Place,
                isFolder ? $"the {what} '{path}' is a directory" : $"the {what} '{path}' does not exist",
                isFolder ? "give a file in it" : Nearby(path));
        }
    }

    /// <summary>A file beside the missing one whose name is near.</summary>
    private static string? Nearby(string path)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is null || !Directory.Exists(folder))
        {
            return folder is null ? null : $"the directory '{folder}' does not exist";
        }

        string? near = Suggestion.Closest(
            Path.GetFileName(path), Directory.EnumerateFiles(folder).Take(1000).Select(f => Path.GetFileName(f)));
        return near is null ? null : $"did you mean '{Path.Combine(folder, near)}'?";
    }

    private string? ResolvedPath(string keyName) =>
        settings[DefinitionKeys.Find(keyName)!] is [var value] ? Resolve(new Part(value.Text, value.Place)) : null;

    /// <summary>Paths in a definition are relative to it, those in flags to the working directory.</summary>
    private static string Resolve(Part part)
    {
        bool isInFile = part.Place.Line > 0;
        string folder = isInFile
            ? Path.GetDirectoryName(Path.GetFullPath(part.Place.Source))! : Environment.CurrentDirectory;
        return Path.IsPathRooted(part.Text) ? part.Text : Path.Combine(folder, part.Text);
    }
}
