using Hv.PluginHost;

namespace Hv.Fixtures;

/// <summary>An installation in a temporary directory: a plugins.json and plugins that a test puts there.</summary>
public sealed class FixtureInstallation : IDisposable
{
    private string list = """{ "plugins": [ { "path": "plugins/*" } ] }""";

    /// <summary>An empty one.</summary>
    public FixtureInstallation() => Root = Directory.CreateTempSubdirectory("hv-fixture-").FullName;

    /// <summary>Its directory.</summary>
    public string Root { get; }

    /// <summary>Sets the text of plugins.json.</summary>
    public void List(string json) => list = json;

    /// <summary>The folder of a plugin.</summary>
    public string Folder(string plugin) => Path.Combine(Root, "plugins", plugin);

    /// <summary>The assembly of a plugin.</summary>
    public string AssemblyPath(string plugin) => Path.Combine(Folder(plugin), $"{plugin}.dll");

    /// <summary>Adds a plugin: compiled from source against this host's SDK, with a manifest that provides these
    /// devices.</summary>
    public void Add(string plugin, string source, params string[] devices)
    {
        Directory.CreateDirectory(Folder(plugin));
        PluginCompiler.Compile(AssemblyPath(plugin), source, PluginCompiler.SdkPath);
        WriteManifest(plugin, devices);
    }

    /// <summary>Writes a manifest that provides these devices.</summary>
    public void WriteManifest(string plugin, params string[] devices) => WriteManifest(plugin, ">=1.0 <2.0", devices);

    /// <summary>The same with another range of the SDK.</summary>
    public void WriteManifest(string plugin, string sdk, string[] devices)
    {
        string provides = string.Join(
            ", ", devices.Select(d => $$"""{ "kind": "device", "name": "{{d}}", "title": "a fixture" }"""));
        WriteManifestText(plugin, $$"""
            {
              "id": "{{plugin}}",
              "version": "1.2.3",
              "sdk": "{{sdk}}",
              "assembly": "{{plugin}}.dll",
              "provides": [ {{provides}} ]
            }
            """);
    }

    /// <summary>Writes any text as a manifest.</summary>
    public void WriteManifestText(string plugin, string text)
    {
        Directory.CreateDirectory(Folder(plugin));
        File.WriteAllText(Path.Combine(Folder(plugin), "plugin.json"), text);
    }

    /// <summary>Opens it as the host does.</summary>
    public PluginCatalog Open()
    {
        string path = Path.Combine(Root, "plugins.json");
        File.WriteAllText(path, list);
        return PluginCatalog.Open(path);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}
