namespace Hv.Architecture.Tests;

/// <summary>Lines have at most 120 columns. Two kinds may have more: a text that is not cut in two, because people
/// search for it as they read it, and a row of a table, which is aligned with more than one blank.</summary>
public sealed class LineLengthTests
{
    private const int Columns = 120;

    /// <summary>Not held here yet: the engine with its tests, whose wide lines are mostly rows without
    /// blanks.</summary>
    private static readonly string[] Exempt = ["plugins/engines/", "tests/engines/", "tests/cpu/"];

    private static bool IsTooLong(string line)
    {
        if (line.Length <= Columns || IsRow(line)) return false;
        return WithoutTexts(line).Length > Columns;
    }

    private static bool IsRow(string line) => WithoutTexts(line.TrimStart()).Contains("  ", StringComparison.Ordinal);

    private static string WithoutTexts(string line)
    {
        string[] parts = line.Split('"');
        return string.Join('"', parts.Where((_, i) => i % 2 == 0));
    }

    // Lines of raw texts are as long as the text wants them.
    private static IEnumerable<string> TooLong(string file)
    {
        bool isInRawText = false;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            bool isPart = isInRawText;
            if ((line.Split("\"\"\"").Length - 1) % 2 != 0) isInRawText = !isInRawText;
            if (!isPart && !isInRawText && IsTooLong(line)) yield return $"{SourceTree.Relative(file)}:{number}";
        }
    }

    [Fact]
    public void Lines_HaveAtMost120Columns() => Assert.Empty(
        SourceTree.Files("*.cs", "sdk", "plugins", "host", "tests", "tools")
            .Where(f => !Exempt.Any(e => SourceTree.Relative(f).StartsWith(e, StringComparison.Ordinal)))
            .Where(f => Path.GetFileName(f) != "Spec.cs" && !f.EndsWith(".g.cs", StringComparison.Ordinal))
            .SelectMany(TooLong));

    [Theory]
    [InlineData(120, "", false)]
    [InlineData(121, "", true)]
    [InlineData(100, "\"a text that goes on and on\"", false)]
    [InlineData(118, "  ,", false)]
    public void Rule_OnALine_SeesWhetherItIsTooLong(int columns, string end, bool isTooLong) =>
        Assert.Equal(isTooLong, IsTooLong(new string('x', columns) + end));
}
