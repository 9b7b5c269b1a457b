using System.Text;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.Conformance.Engine;
using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.Conformance.Net;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;
using Xunit.Abstractions;

namespace Hv.Sdk.Conformance.Tests;

/// <summary>The suites, tried on models with mistakes: a check that lets its mistake pass is no check.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int FewestDefects = 40;

    [Fact]
    public void Defects_EnoughOfThem_OfEveryKind()
    {
        Assert.True(Defect.All.Count >= FewestDefects);
        Assert.Equal(Suites.Select(s => s.Kind), Defect.All.Select(d => d.Kind).Distinct());
    }

    [Fact]
    public void Checks_EachOfThem_HasKilledSomething() => Assert.Empty(
        Suites.SelectMany(s => s.AllChecks.Select(c => $"{s.Kind}: {c.Name}")).Except(
            Defect.All.Select(d => $"{d.Kind}: {d.Check}")));

    [Fact]
    public void Page_KillTable_IsWhatTheTestsSaw()
    {
        output.WriteLine(KillTable());
        DocumentPage.Holds("docs/sdk/conformance.md", "kill table", KillTable());
    }

    [Fact]
    public void Page_Checks_AreTheSuites() => DocumentPage.Holds("docs/sdk/conformance.md", "checks", CheckTable());

    private static IReadOnlyList<ConformanceSuite> Suites { get; } =
        [DeviceSuite.Default, DiskSuite.Default, NetSuite.Default, CharSuite.Default, FrontEndSuite.Default,
        EngineSuite.Default];

    private static string KillTable()
    {
        StringBuilder table = new("| kind | defect | killed by |\n|---|---|---|\n");
        foreach (Defect d in Defect.All) table.Append($"| {d.Kind} | {d.Name} | `{d.Check}` |\n");
        return table.ToString();
    }

    private static string CheckTable()
    {
        StringBuilder table = new("| kind | check | what holds |\n|---|---|---|\n");
        foreach (ConformanceSuite suite in Suites)
        {
            foreach (Check check in suite.AllChecks) table.Append(
                $"| {suite.Kind} | `{check.Name}` | {check.Meaning} |\n");
        }
        return table.ToString();
    }
}
