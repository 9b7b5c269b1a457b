using Hv.Diagnostics;

namespace Hv.PluginHost;

/// <summary>A plugin as its manifest and plugins.json describe it, and what is known to be wrong with it.</summary>
public sealed class InstalledPlugin
{
    private readonly List<Diagnostic> problems = [];

    internal InstalledPlugin(
        string folder, PluginListEntry entry, PluginManifest? manifest, string? installedFolder = null)
    {
        Folder = folder;
        InstalledFolder = installedFolder ?? folder;
        Entry = entry;
        Manifest = manifest;
    }

    /// <summary>Its folder, absolute.</summary>
    public string Folder { get; }
    /// <summary>Where plugins.json has it; another than <see cref="Folder"/> when its code was replaced from somewhere
    /// else.</summary>
    public string InstalledFolder { get; }
    /// <summary>The entry of plugins.json that lists it.</summary>
    public PluginListEntry Entry { get; }
    /// <summary>Its manifest; null when that cannot be read.</summary>
    public PluginManifest? Manifest { get; }
    /// <summary>Its id, or its folder's name when it has none.</summary>
    public string Name => Manifest?.Id ?? Path.GetFileName(Folder);
    /// <summary>Whether its names may be used.</summary>
    public bool IsEnabled => Entry.IsEnabled;
    /// <summary>What is wrong with it; nothing until something was found. A plugin with problems provides
    /// nothing.</summary>
    public IReadOnlyList<Diagnostic> Problems => problems;
    /// <summary>Whether its code was loaded.</summary>
    public bool IsLoaded => Loaded is not null;

    /// <summary>Whether its code can be replaced under a running guest: it provides devices and nothing else. The rest
    /// is held by the machine as long as it runs.</summary>
    public bool ProvidesOnlyDevices => Manifest is { } m && m.Provides.All(p => p.Kind == ExtensionKind.Device);

    internal LoadedPlugin? Loaded { get; set; }

    internal Place Place => Place.Of(Path.Combine(Folder, PluginManifest.FileName));

    internal void AddProblem(string code, Place place, string problem, string remedy) =>
        problems.Add(new Diagnostic(code, place, $"plugin '{Name}': {problem}", remedy));

    internal void AddProblems(IEnumerable<Diagnostic> found) => problems.AddRange(found);
}
