using System.Text.RegularExpressions;

namespace Hv.Architecture.Tests;

/// <summary>Unsafe code lives where ARCHITECTURE.md names it, and says why it is safe.</summary>
public sealed partial class UnsafeTests
{
    private static bool MayBeUnsafe(string path) =>
        path.StartsWith("host/Hv.Memory/", StringComparison.Ordinal)
        || path.StartsWith("host/Hv.Interop/", StringComparison.Ordinal)
        || path.StartsWith("sdk/Hv.Sdk.Posix/", StringComparison.Ordinal)
        || path.StartsWith("plugins/engines/", StringComparison.Ordinal)
        || path.StartsWith("tests/", StringComparison.Ordinal);

    private static IEnumerable<string> Violations(IEnumerable<Project> projects) =>
        projects.Where(p => p.AllowsUnsafe && !MayBeUnsafe(p.Path)).Select(p => p.Path);

    [Fact]
    public void Projects_AllowUnsafeOnlyWhereNamed() => Assert.Empty(Violations(SourceTree.Projects()));

    [Fact]
    public void Rule_OnAnUnsafeDevice_NamesIt() => Assert.Equal(["plugins/serial/X/X.csproj"], Violations(
        [SourceTree.Parse("plugins/serial/X/X.csproj",
            "<Project><PropertyGroup><AllowUnsafeBlocks>true</AllowUnsafeBlocks></PropertyGroup></Project>")]));

    [GeneratedRegex(@"^\s*(?!//|\*|///).*\bunsafe\b\s*(class|struct|partial|static|void|delegate|\{|record|ref|[A-Z])",
        RegexOptions.Multiline)]
    private static partial Regex UnsafeCode();

    /// <summary><c>SAFETY:</c>, or with what it covers: <c>SAFETY (whole class):</c>.</summary>
    [GeneratedRegex(@"// SAFETY( \([^)]+\))?:")]
    private static partial Regex Reason();

    private static bool LacksReason(string source) => UnsafeCode().IsMatch(source) && !Reason().IsMatch(source);

    [Fact]
    public void UnsafeSources_SayWhyTheyAreSafe() => Assert.Empty(SourceTree.Files("*.cs", "sdk", "plugins", "host")
        .Where(f => LacksReason(File.ReadAllText(f))).Select(SourceTree.Relative));

    [Theory]
    [InlineData("public static unsafe class A { }", true)]
    [InlineData("// SAFETY: the pointer is the slot's.\npublic static unsafe class A { }", false)]
    [InlineData("// SAFETY (whole class): the pointer is the slot's.\npublic static unsafe class A { }", false)]
    [InlineData("// nothing unsafe here\nclass A { }", false)]
    public void Rule_OnASource_SeesWhetherAReasonIsMissing(string source, bool lacks) =>
        Assert.Equal(lacks, LacksReason(source));
}
