using System.Globalization;
using System.Text.Json;
using Hv.Diagnostics;
using Hv.Sdk;

namespace Hv.PluginHost;

/// <summary>One name that a plugin provides.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">As typed on the command line.</param>
/// <param name="Title">One line for lists.</param>
/// <param name="Buses">Where boards can put a device: <c>pci</c>, <c>mmio</c>, <c>isa</c>; empty for the rest.</param>
/// <param name="Place">Where the manifest says so.</param>
public sealed record ProvidedName(
    ExtensionKind Kind, string Name, string Title, IReadOnlyList<string> Buses, Place Place)
{
    /// <summary>Its options; null when only the code knows them.</summary>
    public OptionSchema? Options { get; init; }
    /// <summary>Whether a device can be saved; null when only the code knows.</summary>
    public bool? IsSaveable { get; init; }
}

/// <summary>A layout of saved state that a plugin writes.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Version">The version that is written.</param>
/// <param name="ReadsFrom">The oldest version that is read.</param>
public sealed record ManifestState(string Id, int Version, int ReadsFrom);

/// <summary>What a <c>plugin.json</c> says. Reading one loads no code of the plugin.</summary>
public sealed class PluginManifest
{
    private static readonly string[] Keys = ["id", "version", "sdk", "assembly", "provides", "states", "experimental", "compiledWith", "$schema"];
    private static readonly string[] ProvidedKeys = ["kind", "name", "title", "buses", "options", "saveable"];
    private static readonly string[] StateKeys = ["id", "version", "readsFrom", "fields"];
    private static readonly string[] KnownBuses = ["pci", "mmio", "isa"];

    /// <summary>The file's name in a plugin's folder.</summary>
    public const string FileName = "plugin.json";

    /// <summary>Unique among installed plugins, for example <c>hv.serial.uart16550</c>.</summary>
    public required string Id { get; init; }
    /// <summary>The plugin's own version.</summary>
    public required string Version { get; init; }
    /// <summary>The versions of the SDK that it works with.</summary>
    public required SdkRange Sdk { get; init; }
    /// <summary>Where the manifest names the SDK's versions.</summary>
    public required Place SdkPlace { get; init; }
    /// <summary>File name of the assembly, in the same folder.</summary>
    public required string Assembly { get; init; }
    /// <summary>What it provides.</summary>
    public required IReadOnlyList<ProvidedName> Provides { get; init; }
    /// <summary>The contracts that it uses and that may still change, for example <c>block</c>.</summary>
    public required IReadOnlyList<string> Experimental { get; init; }
    /// <summary>The version of the SDK, major and minor, whose experimental contracts it was compiled
    /// against.</summary>
    public Version? CompiledWith { get; init; }
    /// <summary>The layouts of state that its devices write.</summary>
    public required IReadOnlyList<ManifestState> States { get; init; }

    /// <summary>Reads a manifest; null, with all mistakes in <paramref name="bag"/>, when it is not one.</summary>
    public static PluginManifest? Read(string path, DiagnosticBag bag)
    {
        int before = bag.Items.Count;
        if (JsonText.ReadFile(path, bag) is not { } root)
        {
            return null;
        }

        if (root.Kind != JsonValueKind.Object)
        {
            bag.Error(Codes.BadManifest, root.Place, $"a manifest is an object, this is {root.KindName}");
            return null;
        }

        CheckKeys(root, Keys, bag);
        string id = Text(root, "id", bag);
        string version = Text(root, "version", bag);
        string assembly = Text(root, "assembly", bag);
        SdkRange? sdk = ReadSdk(root, bag);
        List<ProvidedName> provides = ReadProvides(root, bag);
        ManifestState[] states = [.. (root["states"]?.Items ?? []).Select(s => ReadState(s, bag))];
        if (assembly.Length > 0 && assembly != Path.GetFileName(assembly))
        {
            bag.Error(Codes.BadManifest, root["assembly"]!.Place, "'assembly' names a file in the plugin's own folder",
                "leave out the directories");
        }

        return bag.Items.Count > before ? null : new PluginManifest
        {
            Id = id,
            Version = version,
            Sdk = sdk!,
            SdkPlace = root["sdk"]!.Place,
            Assembly = assembly,
            Provides = provides,
            Experimental = [.. (root["experimental"]?.Items ?? []).Select(e => e.Text)],
            CompiledWith = System.Version.TryParse(root["compiledWith"]?.Text, out Version? built) ? built : null,
            States = states,
        };
    }

    private static SdkRange? ReadSdk(JsonValue root, DiagnosticBag bag)
    {
        string text = Text(root, "sdk", bag);
        SdkRange? range = SdkRange.Parse(text);
        if (range is null && text.Length > 0)
        {
            bag.Error(Codes.BadManifest, root["sdk"]!.Place, $"'{text}' is not a range of versions",
                "write it as in \">=1.0 <2.0\"");
        }

        return range;
    }

    private static List<ProvidedName> ReadProvides(JsonValue root, DiagnosticBag bag)
    {
        var provides = new List<ProvidedName>();
        if (root["provides"] is not { Kind: JsonValueKind.Array } list)
        {
            bag.Error(Codes.MissingKey, root["provides"]?.Place ?? root.Place,
                "'provides' must list what the plugin provides",
                """write "provides": [ { "kind": "device", "name": "…", "title": "…" } ]""");
            return provides;
        }

        foreach (JsonValue item in list.Items)
        {
            if (item.Kind != JsonValueKind.Object)
            {
                bag.Error(Codes.WrongType, item.Place,
                    $"an object with kind, name and title belongs here, this is {item.KindName}");
                continue;
            }

            CheckKeys(item, ProvidedKeys, bag);
            string kindName = Text(item, "kind", bag);
            string name = Text(item, "name", bag);
            string title = Text(item, "title", bag);
            ExtensionKind? kind = ExtensionKind.Find(kindName);
            if (kind is null && kindName.Length > 0)
            {
                bag.Error(Codes.NotAChoice, item["kind"]!.Place, $"there is no kind '{kindName}'",
                    Suggestion.Remedy(kindName, [.. ExtensionKind.All.Select(k => k.Name)]));
            }

            if (kind is not null && provides.Exists(p => p.Kind == kind && p.Name == name))
            {
                bag.Error(Codes.NameTwice, item.Place, $"the manifest provides {kind} '{name}' twice",
                    "remove one entry");
            }

            if (kind is not null)
            {
                provides.Add(new ProvidedName(kind, name, title, ReadBuses(item, bag), item.Place)
                {
                    Options = item["options"] is { } options ? ManifestOptions.Read(options, bag) : null,
                    IsSaveable = item["saveable"] is { } saveable ? saveable.Kind == JsonValueKind.True : null,
                });
            }
        }

        return provides;
    }

    private static ManifestState ReadState(JsonValue item, DiagnosticBag bag)
    {
        CheckKeys(item, StateKeys, bag);
        return new ManifestState(Text(item, "id", bag), Version("version"), Version("readsFrom"));

        int Version(string key)
        {
            if (int.TryParse(item[key]?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int version)
                && version > 0)
            {
                return version;
            }

            bag.Error(Codes.WrongType, item[key]?.Place ?? item.Place, $"'{key}' must be a version, 1 or more");
            return 0;
        }
    }

    private static string[] ReadBuses(JsonValue item, DiagnosticBag bag)
    {
        JsonValue? list = item["buses"];
        foreach (JsonValue bus in list?.Items ?? [])
        {
            if (!KnownBuses.Contains(bus.Text))
            {
                bag.Error(Codes.NotAChoice, bus.Place, $"there is no bus '{bus.Text}'",
                    Suggestion.Remedy(bus.Text, KnownBuses));
            }
        }

        return [.. list?.Items.Select(b => b.Text) ?? []];
    }

    internal static void CheckKeys(JsonValue value, string[] known, DiagnosticBag bag)
    {
        foreach (JsonMember member in value.Members.Where(m => !known.Contains(m.Key)))
        {
            bag.Error(Codes.UnknownKey, member.Place, $"a manifest has no key '{member.Key}' here",
                Suggestion.Remedy(member.Key, known));
        }
    }

    internal static string Text(JsonValue parent, string key, DiagnosticBag bag)
    {
        switch (parent[key])
        {
            case null:
                bag.Error(Codes.MissingKey, parent.Place, $"the key '{key}' is missing");
                return "";
            case { Kind: JsonValueKind.String } value when value.Text.Length > 0:
                return value.Text;
            case { } value:
                bag.Error(Codes.WrongType, value.Place,
                    $"'{key}' must be a text that is not empty, this is {value.KindName}");
                return "";
        }
    }
}
