using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.FrontEnds;

/// <summary>The model without a mistake passes every check.</summary>
public sealed class FlawlessFrontEnd
{
    public static TheoryData<string> Checks => [.. FrontEndSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void FrontEnd_WithoutAMistake_Passes(string check)
    {
        CheckResult result =
            FrontEndSuite.Default.RunCheck(check, PlainDefects.Subject(FrontEndFlaw.None), ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
