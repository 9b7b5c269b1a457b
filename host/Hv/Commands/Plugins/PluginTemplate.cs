using System.Text;
using System.Text.RegularExpressions;
using Hv.Diagnostics;

namespace Hv.Commands.Plugins;

/// <summary>A template of the package Hv.Templates, rendered as <c>dotnet new</c> does it, with the few of its means
/// that those templates use.</summary>
internal sealed class PluginTemplate
{
    private const string CommonFolder = "common";
    private const string ConfigFolder = ".template.config";

    private readonly string[] folders;
    private readonly JsonValue config;

    private PluginTemplate(string[] folders, JsonValue config)
    {
        this.folders = folders;
        this.config = config;
    }

    /// <summary>The kinds for which there are templates: the short names without <c>hv-</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        ["device", "pci-device", "virtio-device", "disk", "net", "frontend", "fault"];

    /// <summary>Opens the template of a kind.</summary>
    /// <exception cref="DiagnosticException">The installation does not have it.</exception>
    public static PluginTemplate Open(string directory, string kind)
    {
        string folder = Path.Combine(directory, $"hv-{kind}");
        var bag = new DiagnosticBag();
        JsonValue? config = JsonText.ReadFile(Path.Combine(folder, ConfigFolder, "template.json"), bag);
        return config is null ? throw new DiagnosticException(bag.Items)
            : new PluginTemplate([Path.Combine(directory, CommonFolder), folder], config);
    }

    /// <summary>Writes the files for a plugin of this name into a folder.</summary>
    /// <param name="to">The folder.</param>
    /// <param name="name">The plugin's name: a C# namespace.</param>
    /// <param name="parameters">Values of the template's parameters.</param>
    public void Render(string to, string name, IReadOnlyDictionary<string, string> parameters)
    {
        var symbols = new Symbols(config["symbols"]!, name, parameters);
        Dictionary<string, string> inText = symbols.Replacements("replaces");
        Dictionary<string, string> inPaths = symbols.Replacements("fileRename");
        inText[config["sourceName"]!.Text] = inPaths[config["sourceName"]!.Text] = name;
        foreach (string folder in folders)
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                string path = Path.GetRelativePath(folder, file);
                if (!path.StartsWith(ConfigFolder, StringComparison.Ordinal))
                {
                    string target = Path.Combine(to, Replace(path, inPaths));
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    File.WriteAllText(target, Replace(File.ReadAllText(file), inText), new UTF8Encoding(false));
                }
            }
        }
    }

    /// <summary>All at once: what was put in is not looked at again.</summary>
    private static string Replace(string text, Dictionary<string, string> values) => Regex.Replace(
        text, string.Join('|', values.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape)),
        m => values[m.Value]);

    /// <summary>The values of a template's symbols.</summary>
    private sealed class Symbols(JsonValue symbols, string name, IReadOnlyDictionary<string, string> parameters)
    {
        /// <summary>What is replaced, by what, for the symbols that have this member.</summary>
        public Dictionary<string, string> Replacements(string member) => symbols.Members
            .Where(s => s.Value[member] is not null)
            .ToDictionary(s => s.Value[member]!.Text, s => Value(s.Key));

        private string Value(string symbol)
        {
            if (symbol == "name")
            {
                return name;
            }

            JsonValue definition = symbols[symbol]!;
            JsonValue? given = definition["parameters"];
            return definition["generator"]?.Text switch
            {
                null => parameters.TryGetValue(symbol, out string? value) ? value : definition["defaultValue"]!.Text,
                "constant" => given!["value"]!.Text,
                "casing" => Value(given!["source"]!.Text).ToLowerInvariant(),
                "join" => string.Concat(given!["symbols"]!.Items.Select(
                    part => part["type"]!.Text == "ref" ? Value(part["value"]!.Text) : part["value"]!.Text)),
                "regex" => given!["steps"]!.Items.Aggregate(Value(given["source"]!.Text), (text, step) =>
                    Regex.Replace(text, step["regex"]!.Text, step["replacement"]!.Text)),
                var other => throw new InvalidOperationException($"the template uses the generator '{other}'"),
            };
        }
    }
}
