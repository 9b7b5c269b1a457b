using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>What holds for all rules.</summary>
public sealed class RuleTests
{
    private static readonly string Root = typeof(
        RuleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SourceRoot").Value!;

    private static IEnumerable<DiagnosticDescriptor> Rules => typeof(HostAccessAnalyzer).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(DiagnosticAnalyzer)) && !t.IsAbstract)
        .SelectMany(t => ((DiagnosticAnalyzer)Activator.CreateInstance(t)!).SupportedDiagnostics);

    [Fact]
    public void Rules_AreExplainedOnTheirPage()
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs", "sdk", "analyzers.md"));
        Assert.All(Rules, rule => Assert.Contains($"## {rule.Id}: {rule.Title}", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Rules_SayWhatToDo() =>
        Assert.All(Rules, rule =>
            Assert.Matches("use |mark the device|make it readonly|\\{[1-2]\\}$", rule.MessageFormat.ToString()));
}
