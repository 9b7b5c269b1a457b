using System.Text.RegularExpressions;

namespace Hv.Sdk.Docs.Tests;

/// <summary>Links of the pages lead somewhere.</summary>
public sealed partial class PageTests
{
    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();

    private static bool Exists(string page, string target) =>
        File.Exists(Path.Combine(Pages.Folder, Path.GetDirectoryName(page)!, target));

    private static IEnumerable<string> DeadLinks(string page, string text) => Link().Matches(text)
        .Select(m => m.Groups[1].Value).Where(target => !Exists(page, target)).Select(target => $"{page}: {target}");

    [Fact]
    public void Links_LeadSomewhere() => Assert.Empty(Pages.All.SelectMany(p => DeadLinks(p, Pages.Read(p))));

    [Fact]
    public void Rule_OnADeadLink_NamesIt() => Assert.Equal(["a.md: nowhere.md"], DeadLinks("a.md", "[x](nowhere.md#part) [y](README.md)"));
}
