using Hv.Diagnostics;

namespace Hv.PluginHost;

/// <summary>A plugin as its manifest and plugins.json describe it, and what is known to be wrong with it.</summary>
public sealed class InstalledPlugin
{
    private readonly List<Diagnostic> problems = [];

    internal InstalledPlugin(string folder, PluginListEntry entry, PluginManifest? manifest)
    {
        Folder = folder;
        Entry = entry;
        Manifest = manifest;
    }

    /// <summary>Its folder, absolute.</summary>
    public string Folder { get; }
    /// <summary>The entry of plugins.json that lists it.</summary>
    public PluginListEntry Entry { get; }
    /// <summary>Its manifest; null when that cannot be read.</summary>
    public PluginManifest? Manifest { get; }
    /// <summary>Its id, or its folder's name when it has none.</summary>
    public string Name => Manifest?.Id ?? Path.GetFileName(Folder);
    /// <summary>Whether its names may be used.</summary>
    public bool IsEnabled => Entry.IsEnabled;
    /// <summary>What is wrong with it; nothing until something was found. A plugin with problems provides nothing.</summary>
    public IReadOnlyList<Diagnostic> Problems => problems;
    /// <summary>Whether its code was loaded.</summary>
    public bool IsLoaded => Loaded is not null;

    internal LoadedPlugin? Loaded { get; set; }

    internal Place Place => Place.Of(Path.Combine(Folder, PluginManifest.FileName));

    internal void AddProblem(string code, Place place, string problem, string remedy) =>
        problems.Add(new Diagnostic(code, place, $"plugin '{Name}': {problem}", remedy));

    internal void AddProblems(IEnumerable<Diagnostic> found) => problems.AddRange(found);
}
