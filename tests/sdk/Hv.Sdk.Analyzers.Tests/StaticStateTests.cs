using Hv.Sdk.Analyzers.CodeFixes;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>HVA0004.</summary>
public sealed class StaticStateTests
{
    private static readonly StaticStateAnalyzer Analyzer = new();

    private static string In(string members) => $"public sealed class Gadget {{ {members} }}";

    [Theory]
    [InlineData("private static int [|count|]; public int Next() => count++;")]
    [InlineData("public static int [|Count|] { get; set; }")]
    [InlineData("public static event Action? [|Changed|]; public void Fire() => Changed?.Invoke();")]
    [InlineData("private static readonly List<int> [|seen|] = [];")]
    [InlineData("private static readonly Dictionary<int, int> [|seen|] = [];")]
    [InlineData("private static readonly int[] Table = [1, 2]; public void Set() => [|Table[0]|] = 3;")]
    [InlineData("private static readonly int[] Table = [1, 2]; public void Set() { [|Table[0]|]++; }")]
    [InlineData("private static readonly int[] Table = [1, 2]; public void Set() => Interlocked.Increment(ref [|Table[0]|]);")]
    public Task StaticThatChanges_IsFound(string members) => Verify.Finds(Analyzer, "HVA0004", In(members), "true");

    [Theory]
    [InlineData("private const int Count = 1;")]
    [InlineData("private static readonly int[] Table = [1, 2]; public int Get() => Table[0];")]
    [InlineData("private static readonly int[] Table = new int[2]; static Gadget() { Table[0] = 1; }")]
    [InlineData("public static Gadget None { get; } = new();")]
    [InlineData("private static readonly System.Collections.Frozen.FrozenDictionary<int, int> T = System.Collections.Frozen.FrozenDictionary<int, int>.Empty;")]
    [InlineData("private int count; public int Next() => count++;")]
    [InlineData("public enum Kind { A, B }")]
    public Task Constant_IsAccepted(string members) => Verify.Accepts(Analyzer, In(members), "true");

    [Fact]
    public Task HostsSide_IsLeftAlone() =>
        Verify.Accepts(Analyzer, In("private static int count; public int Next() => count++;"), "false");

    [Fact]
    public Task Fix_MakesAFieldOfTheInstance() =>
        Verify.Fixes(Analyzer, new StaticStateFix(), "Make it a field of the instance",
        In("private static int count; public int Next() => count++;"),
            In("private int count; public int Next() => count++;"));

    [Fact]
    public Task Fix_MakesReadonlyWhatNothingWrites() => Verify.Fixes(Analyzer, new StaticStateFix(), "Make it readonly",
        In("private static int[] table = [1]; public int First => table[0];"),
            In("private static readonly int[] table = [1]; public int First => table[0];"));

    [Theory]
    [InlineData("private static int count; public int Next() => count++;")]
    [InlineData("private static int count; public void Set() => Gadget.count = 1;")]
    [InlineData("private static int count; public void Set() => Interlocked.Increment(ref count);")]
    public async Task Fix_OfWhatIsWritten_DoesNotOfferReadonly(string members) =>
        Assert.Equal(["Make it a field of the instance"],
            await Verify.Titles(Analyzer, new StaticStateFix(), In(members)));
}
