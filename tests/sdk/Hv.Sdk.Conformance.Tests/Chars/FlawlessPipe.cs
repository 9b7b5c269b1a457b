using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Chars;

/// <summary>The model without a mistake passes every check.</summary>
public sealed class FlawlessPipe
{
    public static TheoryData<string> Checks => [.. CharSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Pipe_WithoutAMistake_Passes(string check)
    {
        CheckResult result =
            CharSuite.Default.RunCheck(check, PipeDefects.Subject(CharFlaw.None), ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
