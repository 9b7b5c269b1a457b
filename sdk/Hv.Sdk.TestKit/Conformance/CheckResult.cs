namespace Hv.Sdk.TestKit.Conformance;

/// <summary>What became of a check.</summary>
public enum CheckOutcome : byte
{
    /// <summary>The requirement holds.</summary>
    Passed,
    /// <summary>It does not.</summary>
    Failed,
    /// <summary>It says nothing about this subject.</summary>
    NotApplicable,
}

/// <summary>One line of a <see cref="ConformanceReport"/>.</summary>
public sealed class CheckResult
{
    /// <summary>What was tried.</summary>
    public required Check Check { get; init; }
    /// <summary>What became of it.</summary>
    public required CheckOutcome Outcome { get; init; }
    /// <summary>What was seen when it failed, or why it does not apply; empty when it passed.</summary>
    public required string Evidence { get; init; }
    /// <summary>The seed of the run that failed: the same in <see cref="ConformanceOptions.Seed"/> repeats it
    /// alone.</summary>
    public int? Seed { get; init; }
}
