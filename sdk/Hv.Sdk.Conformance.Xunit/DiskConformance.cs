using Hv.Sdk.Block;
using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every disk format must pass, a test each. Derive a test class and give it images:
/// <c>public sealed class GridConformance : DiskConformance&lt;GridFormat&gt;</c>.</summary>
/// <typeparam name="TFormat">The exported format.</typeparam>
public abstract class DiskConformance<TFormat> where TFormat : IDiskFormat, new()
{
    /// <summary>Images to try it on. None: a file of zeroes, if the format takes it.</summary>
    protected virtual IReadOnlyList<DiskSample> Samples => [];

    /// <summary>Options as a user would type them.</summary>
    protected virtual IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>();

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(DiskSuite))]
    public void Conforms(string check) => Verdict.Of(
        DiskSuite.Default.RunCheck(check, DiskSubject.Of(new TFormat(), Options, Samples), ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(DiskSuite)), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(DiskSuite.Default.RunCheck(
            check, DiskSubject.Of(new TFormat(), Options, Samples), ConformanceOptions.Thorough));
}
