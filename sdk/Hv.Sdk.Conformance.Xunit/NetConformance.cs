using Hv.Sdk.Conformance.Net;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every network backend must pass, a test each:
/// <c>public sealed class MirrorConformance : NetConformance&lt;MirrorBackend&gt;</c>.</summary>
/// <typeparam name="TBackend">The exported backend.</typeparam>
public abstract class NetConformance<TBackend> where TBackend : INetBackend, new()
{
    /// <summary>Options as a user would type them.</summary>
    protected virtual IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>();

    /// <summary>What comes back for a frame, when the other side answers each with one; null when nothing is known of
    /// it.</summary>
    protected virtual Func<byte[], byte[]>? Reflection => null;

    private NetSubject Subject => Reflection is { } reflection
        ? new NetSubject { Backend = new TBackend(), Options = Options, Reflection = reflection }
            : NetSubject.Of(new TBackend(), Options);

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(NetSuite))]
    public void Conforms(string check) =>
        Verdict.Of(NetSuite.Default.RunCheck(check, Subject, ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(NetSuite)), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(NetSuite.Default.RunCheck(check, Subject, ConformanceOptions.Thorough));
}
