using System.CommandLine;
using System.CommandLine.Completions;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary>The plugin that a command is about: an installed one by its id, or one in a folder or a package.</summary>
internal sealed class PluginTarget : IDisposable
{
    private readonly string? unpacked;

    private PluginTarget(PluginCatalog catalog, InstalledPlugin plugin, string? unpacked)
    {
        Catalog = catalog;
        Plugin = plugin;
        this.unpacked = unpacked;
    }

    /// <summary>The catalog that has it.</summary>
    public PluginCatalog Catalog { get; }
    /// <summary>The plugin.</summary>
    public InstalledPlugin Plugin { get; }

    /// <summary>The argument that names one.</summary>
    public static Argument<string> Argument(GlobalOptions global)
    {
        var argument = new Argument<string>("PLUGIN")
        {
            Description = "the id of an installed plugin, a plugin's folder, or a package (.nupkg, .zip)",
        };
        argument.CompletionSources.Add(context => Ids(global, context));
        return argument;
    }

    /// <summary>The ids of installed plugins, for completion.</summary>
    public static IEnumerable<CompletionItem> Ids(GlobalOptions global, CompletionContext context) =>
        global.OpenCatalog(context.ParseResult).Plugins.Select(p => new CompletionItem(p.Name));

    /// <summary>Finds it.</summary>
    /// <exception cref="DiagnosticException">There is none.</exception>
    public static PluginTarget Open(GlobalOptions global, ParseResult parsed, string text)
    {
        if (PluginPackage.IsPackage(text))
        {
            return OfPackage(text);
        }

        if (Directory.Exists(text)
            && (text.Contains(Path.DirectorySeparatorChar) || HasManifest(text) || text is "." or ".."))
        {
            return OfFolder(text, text, null);
        }

        PluginCatalog catalog = global.OpenCatalog(parsed);
        return new PluginTarget(catalog, Find(catalog, text), null);
    }

    /// <summary>An installed plugin by its id.</summary>
    /// <exception cref="DiagnosticException">There is none.</exception>
    public static InstalledPlugin Find(PluginCatalog catalog, string id) =>
        catalog.Plugins.FirstOrDefault(p => p.Name == id) ?? throw new DiagnosticException(new Diagnostic(
            Codes.UnknownName, Place.Of(id), "there is no installed plugin, folder or package of that name",
            Suggestion.Closest(id, catalog.Plugins.Select(p => p.Name)) is { } near
                ? $"did you mean '{near}'?" : "hv plugin list has the installed ones"));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (unpacked is not null)
        {
            Directory.Delete(unpacked, recursive: true);
        }
    }

    private static PluginTarget OfPackage(string package)
    {
        string folder = Directory.CreateTempSubdirectory("hv-plugin-").FullName;
        try
        {
            PluginPackage.Extract(package, folder);
            return OfFolder(folder, package, folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private static PluginTarget OfFolder(string folder, string named, string? unpacked)
    {
        if (!HasManifest(folder) && ProjectIn(folder) is { } project)
        {
            throw new DiagnosticException(new Diagnostic(Codes.PluginMissing, Place.Of(named),
                "this is a project's folder: it holds no built plugin", $"dotnet build, then name the folder that it writes to, for example {Path.Combine(named, "bin/Debug/net10.0")} ({project})"));
        }

        var catalog = PluginCatalog.Open([], [(folder, Place.Of(named))]);
        return new PluginTarget(catalog, catalog.Plugins[0], unpacked);
    }

    private static bool HasManifest(string folder) => File.Exists(Path.Combine(folder, PluginManifest.FileName));

    private static string? ProjectIn(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.csproj").Select(Path.GetFileName).FirstOrDefault() : null;
}
