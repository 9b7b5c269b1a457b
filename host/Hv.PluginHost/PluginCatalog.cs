using System.Reflection;
using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Vmm;
using Hv.Vmm.Supervision;

namespace Hv.PluginHost;

/// <summary>A name with the plugin that provides it.</summary>
/// <param name="Provided">The name, its kind and its title.</param>
/// <param name="Plugin">The plugin.</param>
public sealed record CatalogEntry(ProvidedName Provided, InstalledPlugin Plugin);

/// <summary>The plugins of an installation. Opening one reads manifests only; a plugin's code is loaded when the first
/// of its names is asked for. A plugin that fails is named with the remedy and takes nothing else down. Any thread;
/// loads one at a time.</summary>
public sealed class PluginCatalog
{
    private readonly Lock gate = new();
    private readonly IPluginLoader loader = new McMasterLoader();
    private readonly List<InstalledPlugin> plugins = [];
    private readonly Dictionary<(ExtensionKind Kind, string Name), List<CatalogEntry>> names = [];
    private readonly List<WeakReference> retired = [];
    private int retiredCount;

    private PluginCatalog(IReadOnlyList<Diagnostic> listProblems) => ListProblems = listProblems;

    /// <summary>The version of the SDK that this host has.</summary>
    public static Version SdkVersion { get; } = ReadSdkVersion();

    /// <summary>All plugins, sound or not, in the order of the list.</summary>
    public IReadOnlyList<InstalledPlugin> Plugins => plugins;

    /// <summary>What is wrong with plugins.json itself.</summary>
    public IReadOnlyList<Diagnostic> ListProblems { get; }

    /// <summary>Plugins of devices are loaded so that their code can be replaced. Set before the first is
    /// loaded.</summary>
    public bool IsReloadable { get; set; }

    /// <summary>How long a constructor may take before its plugin is given up.</summary>
    public TimeSpan Patience { get; set; } = Supervised.DefaultPatience;

    /// <summary>Reads plugins.json and the manifests that it leads to. Never throws for what is wrong in
    /// them.</summary>
    public static PluginCatalog Open(string listPath) => Open([listPath], []);

    /// <summary>Reads several lists, of which a later one wins where two have the same folder, and adds plugins by
    /// their folders, which take the place of installed ones of the same id. Never throws for what is wrong in
    /// them.</summary>
    public static PluginCatalog Open(
        IEnumerable<string> listPaths, IEnumerable<(string Folder, Place Place)> additional)
    {
        var bag = new DiagnosticBag();
        var byFolder = new Dictionary<string, PluginListEntry>();
        foreach (string listPath in listPaths)
        {
            string root = Path.GetDirectoryName(Path.GetFullPath(listPath))!;
            foreach (PluginListEntry entry in PluginList.Read(listPath, bag))
            {
                foreach (string folder in PluginList.Folders(entry, root))
                {
                    byFolder[folder] = byFolder.TryGetValue(folder, out PluginListEntry? earlier)
                        ? entry with { Pin = entry.Pin ?? earlier.Pin } : entry;
                }
            }
        }

        var catalog = new PluginCatalog(bag.Items);
        foreach ((string folder, Place place) in additional)
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            byFolder.Remove(full);
            catalog.AddPlugin(full, PluginListEntry.Override(full, place));
        }

        foreach ((string folder, PluginListEntry entry) in byFolder)
        {
            catalog.AddPlugin(folder, entry);
        }

        return catalog;
    }

    /// <summary>What enabled plugins provide of one kind, sorted by name. Plugins that are known to be unsound are left
    /// out.</summary>
    public IReadOnlyList<CatalogEntry> List(ExtensionKind kind) =>
        [.. names.Where(n => n.Key.Kind == kind).SelectMany(n => n.Value)
            .Where(e => e.Plugin.IsEnabled && e.Plugin.Problems.Count == 0)
            .OrderBy(e => e.Provided.Name, StringComparer.Ordinal)];

    /// <summary>The entry that provides a name; null when there is none or it cannot be used (<see cref="Explain"/>
    /// says why).</summary>
    public CatalogEntry? Find(ExtensionKind kind, string name) =>
        names.TryGetValue((kind, name), out List<CatalogEntry>? entries)
        && entries.Where(e => e.Plugin.IsEnabled).ToArray() is [{ Plugin.Problems.Count: 0 } only] ? only : null;

    /// <summary>Why a name cannot be used.</summary>
    public Diagnostic Explain(ExtensionKind kind, string name, Place place)
    {
        if (!names.TryGetValue((kind, name), out List<CatalogEntry>? entries))
        {
            string[] known = [.. List(kind).Select(e => e.Provided.Name)];
            string[] unread = [.. plugins.Where(p => p.IsEnabled && p.Manifest is null).Select(p => $"'{p.Name}'")];
            string? remedy = unread.Length > 0 && Suggestion.Closest(name, known) is null
                ? $"it may be in {string.Join(" or ", unread)}, which cannot be read: hv plugin list says why"
                : Suggestion.Remedy(name, known);
            return new Diagnostic(Codes.UnknownName, place, $"there is no {kind} '{name}'", remedy);
        }

        CatalogEntry[] enabled = [.. entries.Where(e => e.Plugin.IsEnabled)];
        if (enabled.Length == 0)
        {
            return new Diagnostic(Codes.PluginDisabled, place,
                $"{kind} '{name}' is provided by plugin '{entries[0].Plugin.Name}', which is switched off",
                $"set \"enabled\": true at {entries[0].Plugin.Entry.Place}");
        }

        if (enabled.Length > 1)
        {
            return new Diagnostic(Codes.NameInTwoPlugins, place,
                $"{kind} '{name}' is provided by {string.Join(" and ", enabled.Select(e => $"'{e.Plugin.Name}'"))}",
                "switch one of them off in plugins.json: { \"path\": \"…\", \"enabled\": false }");
        }

        return enabled[0].Plugin.Problems[0];
    }

    /// <summary>Makes one of what plugins provide, loading the plugin when it is the first.</summary>
    /// <exception cref="DiagnosticException">There is no such name, or its plugin fails.</exception>
    public T Create<T>(ExtensionKind kind, string name)
        where T : class => Ask(kind, name, (T made) => made);

    /// <summary>Makes one of what plugins provide, and asks it something.</summary>
    /// <exception cref="DiagnosticException">There is no such name, or its plugin fails.</exception>
    public TAnswer Ask<T, TAnswer>(ExtensionKind kind, string name, Func<T, TAnswer> ask)
        where T : class
    {
        lock (gate)
        {
            CatalogEntry entry = Find(kind, name) ?? throw new DiagnosticException(Explain(kind, name, Place.Of(name)));
            return Make(entry.Plugin, kind, name, ask);
        }
    }

    /// <summary>Loads new code of a plugin beside the code that runs.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="folder">Where the new code is; null for where the plugin is installed.</param>
    /// <exception cref="DiagnosticException">There is no such plugin, it cannot be replaced, or the new code is broken.
    /// The code that runs is as it was.</exception>
    public PluginReplacement Prepare(string id, string? folder)
    {
        lock (gate)
        {
            InstalledPlugin current = FindReplaceable(id);
            string from = folder is null ? current.InstalledFolder : Path.GetFullPath(folder);
            InstalledPlugin next = ReadReplacement(current, id, from);
            LoadedPlugin loaded = LoadCode(next, isReplaceable: true)
                ?? throw new DiagnosticException(next.Problems);
            return new PluginReplacement(this, current, next, loaded);
        }
    }

    private InstalledPlugin FindReplaceable(string id)
    {
        InstalledPlugin[] enabled = [.. plugins.Where(p => p.IsEnabled && p.Manifest is not null)];
        if (Array.Find(enabled, p => p.Name == id) is not { } plugin)
        {
            throw new DiagnosticException(new Diagnostic(Codes.UnknownName, Place.Of(id), $"there is no plugin '{id}'",
                Suggestion.Remedy(id, [.. enabled.Select(p => p.Name)])));
        }

        if (plugin.Manifest!.Provides.FirstOrDefault(p => p.Kind != ExtensionKind.Device) is { } other)
        {
            throw new DiagnosticException(new Diagnostic(Codes.NotReplaceable, plugin.Place,
                $"plugin '{id}' provides the {other.Kind} '{other.Name}': only plugins of devices can be replaced while a guest runs",
                "restart the VM to change it"));
        }

        return plugin;
    }

    private InstalledPlugin ReadReplacement(InstalledPlugin current, string id, string folder)
    {
        var bag = new DiagnosticBag();
        string path = Path.Combine(folder, PluginManifest.FileName);
        var next = new InstalledPlugin(folder, current.Entry, PluginManifest.Read(path, bag), current.InstalledFolder);
        next.AddProblems(bag.Items);
        if (next.Manifest is { } manifest)
        {
            if (manifest.Id != id)
            {
                next.AddProblem(Codes.NotReplaceable, next.Place, $"its id is not '{id}', which it is to replace",
                    $"give the folder of '{id}'");
            }

            if (manifest.Provides.FirstOrDefault(p => p.Kind != ExtensionKind.Device) is { } other)
            {
                next.AddProblem(Codes.NotReplaceable, other.Place,
                    $"it provides the {other.Kind} '{other.Name}': only plugins of devices can be replaced while a guest runs",
                    "restart the VM to change it");
            }

            CheckManifest(next, manifest, current);
        }

        return next.Problems.Count == 0 ? next : throw new DiagnosticException(next.Problems);
    }

    /// <summary>New code takes the place of old.</summary>
    internal void Exchange(InstalledPlugin current, InstalledPlugin next, LoadedPlugin loaded)
    {
        lock (gate)
        {
            next.Loaded = loaded;
            plugins[plugins.IndexOf(current)] = next;
            foreach (List<CatalogEntry> entries in names.Values)
            {
                entries.RemoveAll(e => e.Plugin == current);
            }

            foreach ((ExtensionKind Kind, string Name) gone in names.Where(n => n.Value.Count == 0).Select(
                n => n.Key).ToArray())
            {
                names.Remove(gone);
            }

            AddNames(next);
        }
    }

    /// <summary>Lets code go, and remembers its context for as long as it is there.</summary>
    internal void Retire(LoadedPlugin? loaded)
    {
        if (loaded is null)
        {
            return;
        }

        lock (gate)
        {
            retired.Add(loaded.Context);
            retiredCount++;
        }

        loaded.Unload();
    }

    /// <summary>How many load contexts were let go, and how many of them are still in memory. The runtime frees one in
    /// the collection after the last of its objects has gone.</summary>
    /// <param name="mustCollect">Collects garbage first.</param>
    public (int LetGo, int InMemory) RetiredContexts(bool mustCollect)
    {
        // A context goes in steps: its objects, its finalizer, its code.
        for (int i = 0; mustCollect && i < 10 && CountRetired() > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return (retiredCount, CountRetired());
    }

    private int CountRetired()
    {
        lock (gate)
        {
            retired.RemoveAll(c => !c.IsAlive);
            return retired.Count;
        }
    }

    /// <summary>Loads a plugin and makes one of each thing that it provides; what is wrong is in the result and, when
    /// the plugin as a whole is at fault, in its <see cref="InstalledPlugin.Problems"/>.</summary>
    public IReadOnlyList<Diagnostic> Check(InstalledPlugin plugin)
    {
        lock (gate)
        {
            try
            {
                if (plugin.Problems.Count > 0)
                {
                    return plugin.Problems;
                }

                _ = Load(plugin);
                var found = new List<Diagnostic>();
                foreach (ProvidedName provided in plugin.Manifest!.Provides)
                {
                    try
                    {
                        Make(plugin, provided.Kind, provided.Name, (object made) => made);
                    }
                    catch (DiagnosticException e)
                    {
                        found.AddRange(e.Diagnostics);
                    }
                }

                return found;
            }
            catch (DiagnosticException e)
            {
                return e.Diagnostics;
            }
        }
    }

    // A plugin whose constructor does not return is never called again: its thread may hold what the next call needs.
    private TAnswer Make<T, TAnswer>(InstalledPlugin plugin, ExtensionKind kind, string name, Func<T, TAnswer> ask)
        where T : class
    {
        LoadedPlugin loaded = Load(plugin);
        if (plugin.Problems.Count > 0) throw new DiagnosticException(plugin.Problems);
        try
        {
            return Supervised.Run($"plugin {plugin.Name}", Patience, () =>
            {
                using CallScope scope = CallRecord.Enter(Callee.Of($"making {kind} '{name}' (plugin {plugin.Name})"));
                return ask(loaded.Create<T>(kind, name));
            });
        }
        catch (PluginHungException e)
        {
            plugin.AddProblem(Codes.PluginHung, plugin.Place, e.Message,
                "constructors of provided classes must do nothing: move the work to Create, Open or Attach");
            throw new DiagnosticException(plugin.Problems);
        }
    }

    private LoadedPlugin Load(InstalledPlugin plugin)
    {
        plugin.Loaded ??= LoadCode(plugin, IsReloadable && plugin.ProvidesOnlyDevices);
        return plugin.Loaded ?? throw new DiagnosticException(plugin.Problems);
    }

    private LoadedPlugin? LoadCode(InstalledPlugin plugin, bool isReplaceable)
    {
        using CallScope scope = CallRecord.Enter(Callee.Of($"loading plugin {plugin.Name}"));
        return LoadedPlugin.Load(plugin, loader, isReplaceable);
    }

    private void AddPlugin(string folder, PluginListEntry entry)
    {
        var bag = new DiagnosticBag();
        string manifestPath = Path.Combine(folder, PluginManifest.FileName);
        if (!File.Exists(manifestPath))
        {
            var missing = new InstalledPlugin(folder, entry, null);
            missing.AddProblem(Codes.PluginMissing, entry.Place,
                Directory.Exists(folder)
                    ? $"'{folder}' holds no {PluginManifest.FileName}" : $"'{folder}' does not exist",
                "install the plugin there, or remove the entry from plugins.json");
            plugins.Add(missing);
            return;
        }

        var plugin = new InstalledPlugin(folder, entry, PluginManifest.Read(manifestPath, bag));
        if (plugins.Exists(p => p.Entry.IsOverride && p.Manifest is not null && p.Manifest.Id == plugin.Manifest?.Id))
        {
            return;
        }

        plugin.AddProblems(bag.Items.Select(d => d with { Problem = $"plugin '{plugin.Name}': {d.Problem}" }));
        plugins.Add(plugin);
        if (plugin.Manifest is { } manifest)
        {
            CheckManifest(plugin, manifest, replaces: null);
            AddNames(plugin);
        }
    }

    private void AddNames(InstalledPlugin plugin)
    {
        foreach (ProvidedName provided in plugin.Manifest!.Provides)
        {
            var key = (provided.Kind, provided.Name);
            if (!names.TryGetValue(key, out List<CatalogEntry>? entries))
            {
                names.Add(key, entries = []);
            }

            entries.Add(new CatalogEntry(provided, plugin));
        }
    }

    private void CheckManifest(InstalledPlugin plugin, PluginManifest manifest, InstalledPlugin? replaces)
    {
        if (!manifest.Sdk.Contains(SdkVersion))
        {
            plugin.AddProblem(Codes.WrongSdk, manifest.SdkPlace,
                $"it needs Hv.Sdk {manifest.Sdk}, this host has {SdkVersion.ToString(2)}",
                "install the version of the plugin that was built for this host");
        }

        // A contract that may still change is promised for the minor version that the plugin was compiled against.
        Version built = manifest.CompiledWith ?? SdkVersion;
        if (manifest.Experimental.Count > 0 && (built.Major, built.Minor) != (SdkVersion.Major, SdkVersion.Minor))
        {
            plugin.AddProblem(Codes.ExperimentalContracts, manifest.SdkPlace,
                $"it uses contracts that may still change ({string.Join(", ", manifest.Experimental)}) as they were in "
                    + $"Hv.Sdk {built.ToString(2)}, this host has {SdkVersion.ToString(2)}",
                "install the version of the plugin that was built for this host");
        }

        CheckPin(plugin, manifest);
        if (plugin.Entry.Isolation == Isolation.Process)
        {
            plugin.AddProblem(Codes.IsolationUnavailable, plugin.Entry.Place,
                "isolation 'process' is not available in this version",
                "use \"isolation\": \"context\"");
        }

        if (plugins.Find(p => p != plugin && p != replaces && p.IsEnabled && plugin.IsEnabled
            && p.Manifest?.Id == manifest.Id) is { } twin)
        {
            plugin.AddProblem(Codes.IdTwice, plugin.Place, $"the plugin in '{twin.Folder}' has the same id",
                "remove one of them, or switch it off in plugins.json");
        }
    }

    /// <summary>Id and version, which the manifest says; the files are hashed when their code is about to be
    /// loaded.</summary>
    private static void CheckPin(InstalledPlugin plugin, PluginManifest manifest)
    {
        if (plugin.Entry.Pin is not { } pin)
        {
            return;
        }

        foreach ((string what, string? pinned, string found) in (ReadOnlySpan<(string, string?, string)>)
            [("id", pin.Id, manifest.Id), ("version", pin.Version, manifest.Version)])
        {
            if (pinned is not null && pinned != found)
            {
                plugin.AddProblem(Codes.PinMismatch, pin.Place, $"its {what} is {found}; {pinned} is pinned",
                    $"install {pinned} again, or change the entry if {found} is meant");
            }
        }
    }

    /// <summary>AssemblyVersion is the major version only; the file version moves with every release of the
    /// SDK.</summary>
    private static Version ReadSdkVersion()
    {
        string? text = typeof(IDevice).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version;
        Version assembly = typeof(IDevice).Assembly.GetName().Version!;
        return Version.TryParse(text, out Version? file) && file.Major == assembly.Major ? file : assembly;
    }
}
