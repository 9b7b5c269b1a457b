using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>The model without a mistake passes every check: what kills the others is their mistake.</summary>
public sealed class FlawlessMeter
{
    public static TheoryData<string> Checks => [.. DeviceSuite.Default.Checks.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Meter_WithoutAMistake_Passes(string check)
    {
        CheckResult result =
            DeviceSuite.Default.RunCheck(check, MeterDefects.Subject(new MeterFactory()), ConformanceOptions.Quick);
        Assert.Equal((CheckOutcome.Passed, ""), (result.Outcome, result.Evidence));
    }
}
