using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>Turns a check's result into a test's.</summary>
internal static class Verdict
{
    /// <exception cref="ContractException">The check failed.</exception>
    /// <exception cref="NotApplicableException">The check does not apply.</exception>
    public static void Of(CheckResult result)
    {
        switch (result.Outcome)
        {
            case CheckOutcome.NotApplicable:
                throw new NotApplicableException(result.Evidence);
            case CheckOutcome.Failed:
                string seed = result.Seed is { } s ? $" (seed {s})" : "";
                throw new ContractException(
                    $"{result.Check.Name}{seed}: {result.Check.Meaning}{Environment.NewLine}{result.Evidence}");
        }
    }
}
