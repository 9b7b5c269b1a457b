using Hv.Sdk.Conformance.Net;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Nets;

/// <summary>The model without a mistake passes every check.</summary>
public sealed class FlawlessMirror
{
    public static TheoryData<string> Checks => [.. NetSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Mirror_WithoutAMistake_Passes(string check)
    {
        CheckResult result = NetSuite.Default.RunCheck(
            check, MirrorDefects.Subject(new MirrorBackend(NetFlaw.None)), ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
