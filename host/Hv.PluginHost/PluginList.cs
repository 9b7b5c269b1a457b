using System.Text.Json;
using Hv.Diagnostics;

namespace Hv.PluginHost;

/// <summary>How far a plugin is kept from the host.</summary>
public enum Isolation : byte
{
    /// <summary>A load context of its own in the host's process.</summary>
    Context,
    /// <summary>A process of its own.</summary>
    Process,
}

/// <summary>One entry of plugins.json.</summary>
/// <param name="Path">A folder or a pattern of folders, absolute or relative to plugins.json.</param>
/// <param name="Place">Where the entry stands.</param>
/// <param name="IsEnabled">Whether its names may be used.</param>
/// <param name="Isolation">How far it is kept from the host.</param>
/// <param name="Options">Options for whatever it provides, below those of a VM definition.</param>
public sealed record PluginListEntry(
    string Path, Place Place, bool IsEnabled, Isolation Isolation, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>Which plugin it must be; null when anything in the folder will do.</summary>
    public PluginPin? Pin { get; init; }
    /// <summary>Takes the place of installed plugins of the same id, for one command.</summary>
    public bool IsOverride { get; init; }

    /// <summary>An entry for a folder that a command names.</summary>
    public static PluginListEntry Override(string folder, Place place) =>
        new(folder, place, true, Isolation.Context, new Dictionary<string, string>()) { IsOverride = true };
}

/// <summary>Which plugin an entry of plugins.json stands for. Members that are null are not checked.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Hash">The hash of its folder, as <see cref="PluginHash"/> gives it.</param>
/// <param name="Place">Where the entry stands.</param>
public sealed record PluginPin(string? Id, string? Version, string? Hash, Place Place);

/// <summary>What a <c>plugins.json</c> says: the plugins of an installation. Later entries override earlier ones for
/// the same folder, so that <c>plugins/*</c> may be followed by an exception.</summary>
public static class PluginList
{
    private static readonly string[] EntryKeys = ["path", "enabled", "isolation", "options", "id", "version", "hash"];
    private static readonly string[] Isolations = ["context", "process"];

    /// <summary>The file's name at the root of an installation.</summary>
    public const string FileName = "plugins.json";

    /// <summary>Reads a list; entries with mistakes are left out and reported in <paramref name="bag"/>.</summary>
    public static IReadOnlyList<PluginListEntry> Read(string path, DiagnosticBag bag)
    {
        if (JsonText.ReadFile(path, bag) is not { } root)
        {
            return [];
        }

        if (root.Kind != JsonValueKind.Object || root["plugins"] is not { Kind: JsonValueKind.Array } list)
        {
            bag.Error(Codes.MissingKey, root.Place, "the key 'plugins' with a list of plugins is missing",
                """write { "plugins": [ { "path": "plugins/*" } ] }""");
            return [];
        }

        foreach (JsonMember member in root.Members.Where(m => m.Key is not ("plugins" or "$schema")))
        {
            bag.Error(Codes.UnknownKey, member.Place, $"there is no key '{member.Key}' here",
                Suggestion.Remedy(member.Key, ["plugins"]));
        }

        return [.. list.Items.Select(item => ReadEntry(item, bag)).OfType<PluginListEntry>()];
    }

    private static PluginListEntry? ReadEntry(JsonValue item, DiagnosticBag bag)
    {
        if (item.Kind == JsonValueKind.String)
        {
            return new PluginListEntry(
                item.Text, item.Place, true, Isolation.Context, new Dictionary<string, string>());
        }

        if (item.Kind != JsonValueKind.Object || item["path"] is not { Kind: JsonValueKind.String } path)
        {
            bag.Error(Codes.MissingKey, item.Place, "an entry needs a 'path'", """write { "path": "plugins/*" }""");
            return null;
        }

        foreach (JsonMember member in item.Members.Where(m => !EntryKeys.Contains(m.Key)))
        {
            bag.Error(Codes.UnknownKey, member.Place, $"an entry has no key '{member.Key}'",
                Suggestion.Remedy(member.Key, EntryKeys));
        }

        if (item["enabled"] is { } enabled && enabled.Kind is not (JsonValueKind.True or JsonValueKind.False))
        {
            bag.Error(Codes.WrongType, enabled.Place, $"'enabled' is true or false, this is {enabled.KindName}");
        }

        string isolation = item["isolation"]?.Text ?? "context";
        if (!Isolations.Contains(isolation))
        {
            bag.Error(Codes.NotAChoice, item["isolation"]!.Place, $"there is no isolation '{isolation}'",
                Suggestion.Remedy(isolation, Isolations));
        }

        return new PluginListEntry(path.Text, path.Place, item["enabled"]?.Kind != JsonValueKind.False,
            isolation == "process" ? Isolation.Process : Isolation.Context,
            item["options"]?.Members.ToDictionary(m => m.Key, m => m.Value.Text) ?? [])
        {
            Pin = ReadPin(item, bag),
        };
    }

    private static PluginPin? ReadPin(JsonValue item, DiagnosticBag bag)
    {
        string? hash = item["hash"]?.Text;
        if (hash is not null && !PluginHash.IsHash(hash))
        {
            bag.Error(Codes.BadValue, item["hash"]!.Place, $"'{hash}' is not a hash", "hv plugin info shows a plugin's");
        }

        (string? id, string? version) = (item["id"]?.Text, item["version"]?.Text);
        return id is null && version is null && hash is null ? null : new PluginPin(id, version, hash, item.Place);
    }

    /// <summary>The plugin folders that an entry means, sorted. A pattern means those that hold a manifest; a plain
    /// path means itself, whether it is there or not.</summary>
    public static IReadOnlyList<string> Folders(PluginListEntry entry, string root)
    {
        string pattern = Path.GetFullPath(Path.Combine(root, entry.Path));
        if (pattern.IndexOfAny(['*', '?']) < 0)
        {
            return [pattern];
        }

        IEnumerable<string> folders = [Path.GetPathRoot(pattern)!];
        foreach (string segment in pattern.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            folders = segment.IndexOfAny(['*', '?']) < 0
                ? folders.Select(f => Path.Combine(f, segment))
                : folders.Where(Directory.Exists).SelectMany(f => Directory.EnumerateDirectories(f, segment));
        }

        return [.. folders.Where(f => File.Exists(Path.Combine(f, PluginManifest.FileName)))
            .Order(StringComparer.Ordinal)];
    }
}
