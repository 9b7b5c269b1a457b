using System.Reflection;
using System.Xml.Linq;

namespace Hv.Architecture.Tests;

/// <summary>One project file as the rules see it; paths are relative to the root, with '/'.</summary>
public sealed record Project(string Path, IReadOnlyList<string> References, bool AllowsUnsafe)
{
    /// <summary>sdk, plugins, host, tests or tools.</summary>
    public string Layer => Path.Split('/')[0];

    /// <summary>For plugins the family folder: <c>plugins/engines/x86</c> is one, elsewhere the folder below
    /// plugins.</summary>
    public string Family
    {
        get
        {
            string[] parts = Path.Split('/');
            return parts[1] == "engines" ? string.Join('/', parts[..3]) : string.Join('/', parts[..2]);
        }
    }
}

/// <summary>The tree that is being tested.</summary>
public static class SourceTree
{
    private static string Metadata(string key) => Path.GetFullPath(typeof(SourceTree).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!);

    public static string Root { get; } = Metadata("SourceRoot");

    public static string PluginOutput { get; } = Metadata("PluginOutput");

    public static IEnumerable<string> Files(string pattern, params string[] folders) => folders
        .Select(f => Path.Combine(Root, f)).Where(Directory.Exists)
        .SelectMany(f => Directory.EnumerateFiles(f, pattern, SearchOption.AllDirectories))
        .Where(f => !Relative(f).Contains("/obj/") && !Relative(f).Contains("/fixtures/"));

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    public static IReadOnlyList<Project> Projects() =>
        [.. Files("*.csproj", "sdk", "plugins", "host", "tests", "tools").Select(
            f => Parse(Relative(f), File.ReadAllText(f)))];

    public static Project Parse(string path, string xml)
    {
        XElement root = XElement.Parse(xml);
        string folder = Path.GetDirectoryName(path)!;
        // Build-order references without code (the executable on its plugins, analyzers) are not dependencies.
        string[] references = [.. root.Descendants("ProjectReference")
            .Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false"
                && (string?)r.Element("ReferenceOutputAssembly") != "false")
            .Select(r => Relative(
                Path.GetFullPath(Path.Combine(Root, folder, ((string)r.Attribute("Include")!).Replace('\\', '/')))))];
        bool isUnsafe = root.Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true");
        return new Project(path, references, isUnsafe);
    }
}
