using System.Composition.Convention;
using System.Composition.Hosting;
using System.Reflection;
using Hv.Diagnostics;
using Hv.Sdk;

namespace Hv.PluginHost;

/// <summary>A plugin's code: its assembly, checked, and one composition container over the classes that it provides.
/// One container per plugin, because one bad part fails every export of the container that it is in.</summary>
internal sealed class LoadedPlugin
{
    /// <summary>Names of the assemblies of the framework: what the runtime may load and does not lie beside the
    /// host.</summary>
    private static readonly Lazy<HashSet<string>> Framework = new(() =>
    [
        .. ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(p => !p.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal))
            .Select(p => Path.GetFileNameWithoutExtension(p)!),
    ]);

    private readonly InstalledPlugin plugin;
    private readonly CompositionHost container;
    private readonly PluginCode code;

    private LoadedPlugin(InstalledPlugin plugin, CompositionHost container, PluginCode code)
    {
        this.plugin = plugin;
        this.container = container;
        this.code = code;
    }

    /// <summary>Tells when the plugin's context is gone.</summary>
    public WeakReference Context => code.Context;

    /// <summary>Loads, checks and composes; null, with the problems in the plugin, when that fails.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="loader">What loads assemblies.</param>
    /// <param name="isReplaceable">Whether <see cref="Unload"/> has an effect.</param>
    public static LoadedPlugin? Load(InstalledPlugin plugin, IPluginLoader loader, bool isReplaceable)
    {
        string path = Path.Combine(plugin.Folder, plugin.Manifest!.Assembly);
        if (!CheckFolder(plugin, path) || LoadAssembly(plugin, loader, path, isReplaceable) is not { } code)
        {
            return null;
        }

        if (!CheckReferences(plugin, path, code.Assembly)
            || FindProvidedTypes(plugin, path, code.Assembly) is not { } types)
        {
            code.Unload();
            return null;
        }

        return new LoadedPlugin(plugin, Compose(types), code);
    }

    /// <summary>Lets the code go. When the last of its objects has gone too, the runtime unloads it.</summary>
    public void Unload()
    {
        container.Dispose();
        code.Unload();
    }

    /// <summary>Makes one of what the plugin provides.</summary>
    /// <exception cref="DiagnosticException">Its constructor throws or wants what nobody gives.</exception>
    public T Create<T>(ExtensionKind kind, string name)
        where T : class
    {
        try
        {
            return (T)container.GetExport(kind.Contract, ContractName(kind, name));
        }
        catch (CompositionFailedException e)
        {
            throw Fail(Codes.UnsatisfiedImport,
                $"the class of {kind} '{name}' cannot be composed: {FirstLine(e.Message)}",
                "give the class a constructor without parameters", e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Exception cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            throw Fail(Codes.ConstructorThrew,
                $"the constructor of {kind} '{name}' threw {cause.GetType().Name}: {FirstLine(cause.Message)}",
                "constructors of provided classes must do nothing: move the work to Create, Open or Attach", cause);
        }
    }

    private static bool CheckFolder(InstalledPlugin plugin, string path)
    {
        if (!File.Exists(path))
        {
            plugin.AddProblem(Codes.AssemblyMissing, plugin.Place,
                $"'{plugin.Manifest!.Assembly}' is not in its folder",
                "build the plugin again, or install it again");
            return false;
        }

        // A private copy would win over the shared one whenever the versions differ; its types are then others than the
        // host's, and the plugin seems to provide nothing (docs/concepts/plugins.md).
        if (File.Exists(Path.Combine(plugin.Folder, "Hv.Sdk.dll")))
        {
            plugin.AddProblem(Codes.OwnSdkCopy, plugin.Place, "its folder holds a copy of Hv.Sdk.dll",
                """delete it, and reference Hv.Sdk with Private="false" ExcludeAssets="runtime" """.TrimEnd());
            return false;
        }

        if (plugin.Entry.Pin is { Hash: { } pinned } pin
            && PluginHash.Of(plugin.Folder) is var found && found != pinned)
        {
            plugin.AddProblem(Codes.PinMismatch, pin.Place, "its files are not those that were installed",
                "hv plugin add --replace installs it again; if the change is meant, remove 'hash' from the entry");
            return false;
        }

        return true;
    }

    private static PluginCode? LoadAssembly(
        InstalledPlugin plugin, IPluginLoader loader, string path, bool isReplaceable)
    {
        try
        {
            return loader.Load(plugin.Folder, plugin.Manifest!.Assembly, isReplaceable);
        }
        catch (BadImageFormatException)
        {
            plugin.AddProblem(Codes.AssemblyCorrupt, Place.Of(path), "the file is not a .NET assembly, or is damaged",
                "build the plugin again, or install it again");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            plugin.AddProblem(Codes.DependencyMissing, Place.Of(path), $"loading failed: {FirstLine(e.Message)}",
                "see that every file of the plugin's build output is in its folder");
        }

        return null;
    }

    /// <summary>What the host has, or a probing path of the author's machine, must not stand in for what the plugin
    /// forgot to bring: it would work until either moves.</summary>
    private static bool CheckReferences(InstalledPlugin plugin, string path, Assembly assembly)
    {
        AssemblyName sdk = typeof(IDevice).Assembly.GetName();
        foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
        {
            if (reference.Name == sdk.Name)
            {
                if (reference.Version?.Major != sdk.Version?.Major)
                {
                    plugin.AddProblem(Codes.WrongSdk, Place.Of(path),
                        $"it was compiled against Hv.Sdk {reference.Version}, this host has {sdk.Version}",
                        "install the version of the plugin that was built for this host");
                    return false;
                }

                continue;
            }

            string file = $"{reference.Name}.dll";
            if (!File.Exists(Path.Combine(plugin.Folder, file)) && !Framework.Value.Contains(reference.Name!))
            {
                plugin.AddProblem(Codes.DependencyMissing, Place.Of(path),
                    $"it needs {file}, which is not in its folder", "copy it there: the host does not lend its own");
                return false;
            }
        }

        return true;
    }

    private static List<(Type Type, ExtensionKind Kind, string Name)>? FindProvidedTypes(
        InstalledPlugin plugin, string path, Assembly assembly)
    {
        Place place = Place.Of(path);
        Type[] types;
        try
        {
            types = assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            string cause = FirstLine(e.LoaderExceptions.FirstOrDefault(x => x is not null)?.Message ?? e.Message);
            plugin.AddProblem(Codes.DependencyMissing, place, $"a type cannot be loaded: {cause}",
                "build the plugin against this version of Hv.Sdk, and see that its dependencies are in its folder");
            return null;
        }

        var found = new List<(Type Type, ExtensionKind Kind, string Name)>();
        bool isSound = true;
        foreach (Type type in types.Where(t => t is { IsClass: true, IsAbstract: false } && !t.Name.Contains('<')))
        {
            foreach (ExtensionAttribute attribute in type.GetCustomAttributes<ExtensionAttribute>(inherit: false))
            {
                ExtensionKind kind = ExtensionKind.All.First(k => k.Attribute == attribute.GetType());
                isSound &= CheckType(plugin, place, type, kind, attribute.Name, found);
                found.Add((type, kind, attribute.Name));
            }
        }

        if (found.Count == 0)
        {
            plugin.AddProblem(Codes.ExportsNothing, place,
                "it holds no class with an attribute such as [Device(\"name\")]",
                "mark each provided class with the attribute of its kind");
            return null;
        }

        return isSound & CheckAgainstManifest(plugin, place, found) ? found : null;
    }

    private static bool CheckType(
        InstalledPlugin plugin, Place place, Type type, ExtensionKind kind, string name,
        List<(Type Type, ExtensionKind Kind, string Name)> found)
    {
        if (!kind.Contract.IsAssignableFrom(type))
        {
            plugin.AddProblem(Codes.ManifestMismatch, place,
                $"{type.FullName} is marked as {kind} '{name}' but does not implement {kind.Contract.Name}",
                $"implement {kind.Contract.FullName}");
            return false;
        }

        Type? other = found.Find(f => f.Kind == kind && f.Name == name).Type;
        if (other is not null)
        {
            plugin.AddProblem(Codes.NameTwice, place,
                $"{other.FullName} and {type.FullName} both provide {kind} '{name}'",
                "give one of them another name");
            return false;
        }

        return true;
    }

    private static bool CheckAgainstManifest(
        InstalledPlugin plugin, Place place, List<(Type Type, ExtensionKind Kind, string Name)> found)
    {
        bool isSound = true;
        foreach (ProvidedName provided in plugin.Manifest!.Provides)
        {
            if (!found.Exists(f => f.Kind == provided.Kind && f.Name == provided.Name))
            {
                plugin.AddProblem(Codes.ManifestMismatch, provided.Place,
                    $"the manifest provides {provided.Kind} '{provided.Name}', no class in {plugin.Manifest.Assembly} does",
                    $"mark a class with its attribute and this name, or remove the entry");
                isSound = false;
            }
        }

        foreach ((Type type, ExtensionKind kind, string name) in found)
        {
            if (!plugin.Manifest.Provides.Any(p => p.Kind == kind && p.Name == name))
            {
                plugin.AddProblem(Codes.ManifestMismatch, place,
                    $"{type.FullName} provides {kind} '{name}', the manifest does not say so",
                    $$"""add { "kind": "{{kind}}", "name": "{{name}}", "title": "…" } to "provides" in plugin.json""");
                isSound = false;
            }
        }

        return isSound;
    }

    private static CompositionHost Compose(List<(Type Type, ExtensionKind Kind, string Name)> types)
    {
        var conventions = new ConventionBuilder();
        foreach ((Type type, ExtensionKind kind, string name) in types)
        {
            conventions.ForType(type)
                .Export(export => export.AsContractType(kind.Contract).AsContractName(ContractName(kind, name)));
        }

        return new ContainerConfiguration()
            .WithParts(types.Select(t => t.Type).Distinct(), conventions)
            .CreateContainer();
    }

    private static string ContractName(ExtensionKind kind, string name) => $"{kind.Name}:{name}";

    private DiagnosticException Fail(string code, string problem, string remedy, Exception inner) =>
        new(new Diagnostic(code, plugin.Place, $"plugin '{plugin.Name}': {problem}", remedy), inner);

    private static string FirstLine(string message) => message.Split('\n', 2)[0].Trim().TrimEnd('.');
}
