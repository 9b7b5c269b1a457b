using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>An engine to be tried.</summary>
public sealed class EngineSubject
{
    /// <summary>The engine.</summary>
    public required IEngine Engine { get; init; }

    /// <summary>Options as a user would type them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The CPU model to run; programs of the suite need no more than x86-64 with SSE2.</summary>
    public string CpuModel { get; init; } = "x86-64-v1";

    /// <summary>The engine's name.</summary>
    public string Name => Description.NameOf<EngineAttribute>(Engine);

    /// <summary>A machine of this engine, or "not applicable" where the engine does not work.</summary>
    internal BareMachine NewMachine(int vcpus = 1, ulong tscHz = BareMachine.DefaultTscHz)
    {
        if (Engine.WhyUnavailable() is { } reason) CheckRun.NotApplicable($"the engine does not work here: {reason}");
        return new BareMachine(this, vcpus, tscHz);
    }
}
