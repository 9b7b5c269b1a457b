using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hv.PluginHost;

/// <summary>A plugins.json that commands change. Comments are not kept; everything else is.</summary>
public sealed class PluginListFile
{
    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonDocumentOptions Reading = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private readonly string path;
    private readonly JsonObject root;

    private PluginListFile(string path, JsonObject root)
    {
        this.path = path;
        this.root = root;
        Directory = Path.GetDirectoryName(path)!;
    }

    /// <summary>The folder of the list, to which its paths are relative.</summary>
    public string Directory { get; }

    /// <summary>Where plugins that are added go: a folder for each, by its id.</summary>
    public string PluginDirectory => Path.Combine(Directory, "plugins");

    private JsonArray Entries => root["plugins"]!.AsArray();

    /// <summary>Opens a list; one that is not there is empty. The file must be a sound one, as
    /// <see cref="PluginList.Read"/> finds.</summary>
    public static PluginListFile Open(string path)
    {
        path = Path.GetFullPath(path);
        JsonNode? found = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path), documentOptions: Reading) : null;
        return new PluginListFile(path, found as JsonObject ?? new JsonObject { ["plugins"] = new JsonArray() });
    }

    /// <summary>Whether the list has an entry for just this folder.</summary>
    public bool Has(string folder) => Find(folder) is not null;

    /// <summary>Sets members of the folder's entry, which is made when there is none; a null removes a
    /// member.</summary>
    public void Set(string folder, IEnumerable<KeyValuePair<string, JsonNode?>> members)
    {
        JsonObject? entry = Find(folder);
        if (entry is null)
        {
            Entries.Add(entry = new JsonObject { ["path"] = Relative(folder) });
        }

        foreach ((string key, JsonNode? value) in members)
        {
            entry.Remove(key);
            if (value is not null)
            {
                entry[key] = value;
            }
        }
    }

    /// <summary>Removes the folder's entry.</summary>
    public void Remove(string folder)
    {
        if (Find(folder) is { } entry)
        {
            Entries.Remove(entry);
        }
    }

    /// <summary>Writes the list: whole, or not at all.</summary>
    public void Save()
    {
        System.IO.Directory.CreateDirectory(Directory);
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, root.ToJsonString(Layout) + "\n");
        File.Move(temporary, path, overwrite: true);
    }

    private JsonObject? Find(string folder)
    {
        for (int i = 0; i < Entries.Count; i++)
        {
            // An entry may be a path alone; to have members it becomes an object.
            if (Entries[i] is JsonValue text && Resolve((string)text!) == folder)
            {
                Entries[i] = new JsonObject { ["path"] = (string)text! };
            }

            if (Entries[i] is JsonObject entry && Resolve((string?)entry["path"] ?? "") == folder)
            {
                return entry;
            }
        }

        return null;
    }

    private string Resolve(string entryPath) => Path.GetFullPath(Path.Combine(Directory, entryPath));

    private string Relative(string folder) =>
        folder.StartsWith(Directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? Path.GetRelativePath(Directory, folder) : folder;
}
