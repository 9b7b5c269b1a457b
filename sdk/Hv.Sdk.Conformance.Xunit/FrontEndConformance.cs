using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.Management;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every front-end must pass, a test each:
/// <c>public sealed class WebConformance : FrontEndConformance&lt;WebFrontEnd&gt;</c>.</summary>
/// <typeparam name="TFrontEnd">The exported front-end.</typeparam>
public abstract class FrontEndConformance<TFrontEnd> where TFrontEnd : IFrontEnd, new()
{
    /// <summary>Options as a user would type them.</summary>
    protected virtual IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>();

    /// <summary>Whether it shows the console on standard output and takes input from standard input.</summary>
    protected virtual bool UsesStandardStreams => true;

    /// <summary>Its keys on a terminal; null when it has none.</summary>
    protected virtual FrontEndKeys? Keys => null;

    private FrontEndSubject Subject => new()
    {
        FrontEnd = new TFrontEnd(),
        Options = Options,
        UsesStandardStreams = UsesStandardStreams,
        Keys = Keys,
    };

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(FrontEndSuite))]
    public void Conforms(string check) =>
        Verdict.Of(FrontEndSuite.Default.RunCheck(check, Subject, ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(FrontEndSuite)), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(FrontEndSuite.Default.RunCheck(check, Subject, ConformanceOptions.Thorough));
}
