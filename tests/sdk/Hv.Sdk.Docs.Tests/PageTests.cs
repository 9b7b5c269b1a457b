using System.Text.RegularExpressions;
using Hv.SdkReference;

namespace Hv.Sdk.Docs.Tests;

/// <summary>The reference is what the XML documentation says, and links lead somewhere.</summary>
public sealed partial class PageTests
{
    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();

    private static string ReferenceFolder => Path.Combine(Pages.Folder, "reference");

    [Fact]
    public void Reference_IsCurrent()
    {
        IReadOnlyDictionary<string, string> pages = ReferencePages.Write(SdkAssemblies.Load());
        if (Environment.GetEnvironmentVariable("HV_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(ReferenceFolder);
            foreach ((string name, string text) in pages) File.WriteAllText(Path.Combine(ReferenceFolder, name), text);
        }
        string[] stale = [.. pages.Where(p => !File.Exists(Path.Combine(ReferenceFolder, p.Key))
            || File.ReadAllText(Path.Combine(ReferenceFolder, p.Key)) != p.Value).Select(p => p.Key)];
        Assert.True(stale.Length == 0, $"run tools/update-sdk-reference.sh: {string.Join(", ", stale)}");
        Assert.Empty(Directory.EnumerateFiles(ReferenceFolder).Select(f => Path.GetFileName(f)!).Except(pages.Keys));
    }

    /// <summary>Every package with a public surface has it written down, and is in the reference.</summary>
    [Fact]
    public void Reference_HasEveryPackage() => Assert.Equal(SdkAssemblies.Described,
        Directory.EnumerateFiles(Path.Combine(Pages.Root, "sdk"), "PublicAPI.Shipped.txt", SearchOption.AllDirectories)
            .Select(f => Path.GetFileName(Path.GetDirectoryName(f)!)).Order(StringComparer.Ordinal));

    private static bool Exists(string page, string target) =>
        File.Exists(Path.Combine(Pages.Folder, Path.GetDirectoryName(page)!, target));

    private static IEnumerable<string> DeadLinks(string page, string text) => Link().Matches(text)
        .Select(m => m.Groups[1].Value).Where(target => !Exists(page, target)).Select(target => $"{page}: {target}");

    [Fact]
    public void Links_LeadSomewhere() => Assert.Empty(Pages.All.SelectMany(p => DeadLinks(p, Pages.Read(p))));

    [Fact]
    public void Rule_OnADeadLink_NamesIt() => Assert.Equal(["a.md: nowhere.md"], DeadLinks("a.md", "[x](nowhere.md#part) [y](README.md)"));
}
