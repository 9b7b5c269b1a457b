using System.Reflection;

namespace Hv.Architecture.Tests;

/// <summary>Built plugins, read without running them.</summary>
public static class PluginAssemblies
{
    /// <summary>Runs a look at each plugin's main assembly; the key is the plugin's folder.</summary>
    public static List<T> Select<T>(Func<string, Assembly, IEnumerable<T>> look)
    {
        List<T> results = [];
        foreach (string manifest in SourceTree.Files("plugin.json", "plugins"))
        {
            string name = Path.GetFileName(Path.GetDirectoryName(manifest)!);
            string folder = Path.Combine(SourceTree.PluginOutput, name);
            string[] paths = [.. Directory.EnumerateFiles(folder, "*.dll"), typeof(Sdk.IDevice).Assembly.Location,
                .. Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.dll")];
            using MetadataLoadContext context = new(new PathAssemblyResolver(paths.DistinctBy(Path.GetFileName)));
            results.AddRange(look(folder, context.LoadFromAssemblyPath(Path.Combine(folder, name + ".dll"))));
        }
        return results;
    }

    public static bool HasAttribute(MemberInfo member, string fullName) =>
        member.GetCustomAttributesData().Any(a => a.AttributeType.FullName == fullName);
}
