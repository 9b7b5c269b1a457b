using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>The model without a mistake passes every check.</summary>
public sealed class FlawlessGrid
{
    public static TheoryData<string> Checks => [.. DiskSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Grid_WithoutAMistake_Passes(string check)
    {
        CheckResult result =
            DiskSuite.Default.RunCheck(check, GridDefects.Subject(DiskFlaw.None), ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
