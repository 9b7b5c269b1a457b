using Hv.X86.Oracle;

namespace Hv.X86.Differential.Tests;

/// <summary>A test that needs the host's own processor; skipped, with the reason, where there is none that
/// fits.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OracleFactAttribute : FactAttribute
{
    /// <summary>Asks the oracle.</summary>
    public OracleFactAttribute() => Skip = HostOracle.WhyUnavailable;
}

/// <summary>A theory that needs the host's own processor.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OracleTheoryAttribute : TheoryAttribute
{
    /// <summary>Asks the oracle.</summary>
    public OracleTheoryAttribute() => Skip = HostOracle.WhyUnavailable;
}
