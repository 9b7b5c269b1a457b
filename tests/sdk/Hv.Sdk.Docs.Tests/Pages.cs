using System.Reflection;

namespace Hv.Sdk.Docs.Tests;

/// <summary>The pages of docs/sdk.</summary>
internal static class Pages
{
    private const string Fence = "```";

    public static string Root { get; } = Path.GetFullPath(typeof(Pages).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SourceRoot").Value!);

    public static string Folder { get; } = Path.Combine(Root, "docs", "sdk");

    /// <summary>All pages by their path below the folder. The tutorial has a test of its own, which follows
    /// it.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Folder, "*.md", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')).Where(p => p != "tutorial.md")
        .Order(StringComparer.Ordinal);

    public static string Read(string page) => File.ReadAllText(Path.Combine(Folder, page));

    /// <summary>The C# of a page: its blocks in their order, each where it stands in the page, so that messages name
    /// its lines. Blocks that begin with <c>csharp test</c> belong to a project of tests.</summary>
    public static string CSharp(string page, bool withTests)
    {
        List<string> lines = [];
        bool isCode = false;
        foreach (string line in Read(page).Split('\n'))
        {
            bool isFence = line.StartsWith(Fence, StringComparison.Ordinal);
            lines.Add(isCode && !isFence ? line : "");
            if (isFence) isCode = !isCode && (line == Fence + "csharp" || (withTests && line == Fence + "csharp test"));
        }
        return string.Join('\n', lines);
    }
}
