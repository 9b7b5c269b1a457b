using System.Reflection;

namespace Hv.Diagnostics.Tests;

/// <summary>What someone probably meant, and that every code is explained.</summary>
public sealed class Suggestions
{
    private static readonly string[] Known = ["kernel", "initrd", "memory", "cpus", "cpu", "no-reboot"];

    [Theory]
    [InlineData("kernal", "kernel")]
    [InlineData("memroy", "memory")]
    [InlineData("Memory", "memory")]
    [InlineData("mem", "memory")]
    [InlineData("cpu", "cpu")]
    [InlineData("noreboot", "no-reboot")]
    [InlineData("zebra", null)]
    [InlineData("", null)]
    public void Closest_FindsTheNearestOrNothing(string typed, string? expected) =>
        Assert.Equal(expected, Suggestion.Closest(typed, Known));

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("abc", "acb", 1)]
    [InlineData("abc", "abd", 1)]
    [InlineData("abc", "abcd", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_CountsEdits(string a, string b, int expected)
    {
        Assert.Equal(expected, Suggestion.Distance(a, b));
        Assert.Equal(expected, Suggestion.Distance(b, a));
    }

    [Fact]
    public void Remedy_NothingNear_ListsWhatThereIs() =>
        Assert.Equal("known: a, b", Suggestion.Remedy("zebra", ["b", "a"]));

    [Fact]
    public void Codes_AreDistinctAndExplainedInTheDocumentation()
    {
        string page = File.ReadAllText(
            typeof(Suggestions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(
                a => a.Key == "ErrorsPage").Value!);
        string[] codes = [.. typeof(Codes).GetFields().Select(f => (string)f.GetRawConstantValue()!)];

        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Contains($"| {code} |", page));
    }
}
