using Hv.Sdk.Conformance.Engine;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Engines;

/// <summary>The wrapper without a mistake passes every check.</summary>
public sealed class UnspoiltEngine
{
    public static TheoryData<string> Checks => [.. EngineSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Engine_WithoutAMistake_Passes(string check)
    {
        EngineSubject subject = new() { Engine = new FlawedEngine(EngineFlaw.None) };
        CheckResult result = EngineSuite.Default.RunCheck(check, subject, ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
