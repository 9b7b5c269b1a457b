using Hv.Sdk.Conformance.Engine;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every engine must pass, a test each:
/// <c>public sealed class MyEngineConformance : EngineConformance&lt;MyEngine&gt;</c>.</summary>
/// <typeparam name="TEngine">The exported engine.</typeparam>
public abstract class EngineConformance<TEngine> where TEngine : IEngine, new()
{
    /// <summary>Options as a user would type them.</summary>
    protected virtual IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>();

    private EngineSubject Subject => new() { Engine = new TEngine(), Options = Options };

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(EngineSuite))]
    public void Conforms(string check) =>
        Verdict.Of(EngineSuite.Default.RunCheck(check, Subject, ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(EngineSuite)), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(EngineSuite.Default.RunCheck(check, Subject, ConformanceOptions.Thorough));
}
