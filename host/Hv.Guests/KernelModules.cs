using System.Text;

namespace Hv.Guests;

/// <summary>The modules of one kernel, found by name and read when they are asked for. Debian's packages carry no
/// <c>modules.dep</c> (that is made when they are installed), so dependencies come from the modules
/// themselves.</summary>
public sealed class KernelModules
{
    private readonly Dictionary<string, string> files = [];
    private readonly Dictionary<string, KernelModule> read = [];
    private readonly HashSet<string> builtIn = [];
    private readonly string root;

    /// <summary>The modules below a directory such as <c>/lib/modules/6.1.0-31-cloud-amd64</c>.</summary>
    public KernelModules(string root)
    {
        this.root = root;
        foreach (string file in Directory.EnumerateFiles(root, "*.ko*", SearchOption.AllDirectories))
        {
            files[KernelModule.NameOf(file)] = file;
        }

        string builtInList = Path.Combine(root, "modules.builtin");
        if (File.Exists(builtInList))
        {
            builtIn = [.. File.ReadLines(builtInList).Select(KernelModule.NameOf)];
        }
    }

    /// <summary>Whether the kernel has it, as a module or built in.</summary>
    public bool Has(string name) =>
        builtIn.Contains(KernelModule.CanonicalName(name)) || files.ContainsKey(KernelModule.CanonicalName(name));

    /// <summary>These modules and all that they need, dependencies first. Names that are built in or not there are left
    /// out.</summary>
    public IReadOnlyList<KernelModule> WithDependencies(IEnumerable<string> names)
    {
        var ordered = new List<KernelModule>();
        var seen = new HashSet<string>();
        foreach (string name in names)
        {
            Add(KernelModule.CanonicalName(name), ordered, seen);
        }

        return ordered;
    }

    /// <summary>The lines of a <c>modules.dep</c> for some modules (modules.dep(5)).</summary>
    public static string DependencyList(IReadOnlyList<KernelModule> modules)
    {
        Dictionary<string, KernelModule> byName = modules.ToDictionary(m => m.Name);
        var lines = new StringBuilder();
        foreach (KernelModule module in modules)
        {
            var needed = new List<KernelModule>();
            Collect(module, byName, needed);
            lines.Append(module.RelativePath).Append(':');
            foreach (KernelModule other in needed)
            {
                lines.Append(' ').Append(other.RelativePath);
            }

            lines.Append('\n');
        }

        return lines.ToString();
    }

    /// <summary>The lines of a <c>modules.alias</c> for some modules.</summary>
    public static string AliasList(IReadOnlyList<KernelModule> modules) =>
        string.Concat(modules.SelectMany(m => m.Aliases.Select(a => $"alias {a} {m.Name}\n")));

    private void Add(string name, List<KernelModule> ordered, HashSet<string> seen)
    {
        if (!files.TryGetValue(name, out string? file) || !seen.Add(name))
        {
            return;
        }

        if (!read.TryGetValue(name, out KernelModule? module))
        {
            read[name] = module = KernelModule.Read(file, Path.GetRelativePath(root, file));
        }

        foreach (string other in module.LoadedBefore.Concat(module.Depends))
        {
            Add(other, ordered, seen);
        }

        ordered.Add(module);
    }

    /// <summary>What a module needs, the nearest first: loaded from the end. Symbols only: soft dependencies may go
    /// round in circles.</summary>
    private static void Collect(KernelModule module, Dictionary<string, KernelModule> byName, List<KernelModule> needed)
    {
        foreach (string name in module.Depends)
        {
            if (byName.TryGetValue(name, out KernelModule? other))
            {
                needed.Remove(other);
                needed.Add(other);
                Collect(other, byName, needed);
            }
        }
    }
}
