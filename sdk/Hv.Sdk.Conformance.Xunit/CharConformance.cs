using Hv.Sdk.Chars;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every character backend must pass, a test each:
/// <c>public sealed class PipeConformance : CharConformance&lt;PipeBackend&gt;</c>.</summary>
/// <typeparam name="TBackend">The exported backend.</typeparam>
public abstract class CharConformance<TBackend> where TBackend : ICharBackend, new()
{
    /// <summary>The backend and its other side; found out from its options unless a test knows better.</summary>
    protected virtual CharSubject Subject => CharSubject.Of(new TBackend());

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(CharSuite))]
    public void Conforms(string check) =>
        Verdict.Of(CharSuite.Default.RunCheck(check, Subject, ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(CharSuite)), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(CharSuite.Default.RunCheck(check, Subject, ConformanceOptions.Thorough));
}
