namespace Hv.Sdk.TestKit.Conformance;

/// <summary>How hard a suite tries.</summary>
public sealed class ConformanceOptions
{
    /// <summary>What a build runs.</summary>
    public static ConformanceOptions Quick { get; } = new();
    /// <summary>What a night runs.</summary>
    public static ConformanceOptions Thorough { get; } = new() { Effort = 10 };

    /// <summary>Multiplies the number of seeds of each check.</summary>
    public int Effort { get; init; } = 1;
    /// <summary>Only this seed, to repeat a failure.</summary>
    public int? Seed { get; init; }
}
