using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;
using Xunit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The checks that every device must pass, a test each. Derive a test class, and tell it how to set the device
/// up:
/// <c>public sealed class Gpio8Conformance : DeviceConformance&lt;Gpio8Factory&gt;;</c></summary>
/// <typeparam name="TFactory">The device's exported factory.</typeparam>
public abstract class DeviceConformance<TFactory> where TFactory : IDeviceFactory, new()
{
    /// <summary>The machine around the device.</summary>
    protected virtual BenchSetup Setup { get; } = new();

    /// <summary>How many seeds each fuzz runs.</summary>
    protected virtual int Seeds => 24;

    /// <summary>How many steps a seed takes.</summary>
    protected virtual int Steps => 250;

    /// <summary>Brings the device to work, as its driver would, so that the fuzz starts where it matters. Every other
    /// seed runs it. The same random numbers must give the same calls.</summary>
    protected virtual void Prepare(DeviceBench bench, Random random) { }

    /// <summary>The next step of a fuzz. The same random numbers and device must give the same step.</summary>
    protected virtual BenchStep Next(Random random, DeviceBench bench) => RandomSteps.Next(random, bench);

    private DeviceSubject Subject => new()
    {
        Factory = new TFactory(),
        Setup = Setup,
        Prepare = Prepare,
        Next = Next,
        Seeds = Seeds,
        Steps = Steps,
    };

    /// <summary>One check with the seeds of every build.</summary>
    [Checks(typeof(DeviceSuite), Except = DeviceSuite.RecordedStates)]
    public void Conforms(string check) =>
        Verdict.Of(DeviceSuite.Default.RunCheck(check, Subject, ConformanceOptions.Quick));

    /// <summary>One check with ten times the seeds.</summary>
    [Checks(typeof(DeviceSuite), Except = DeviceSuite.RecordedStates), Trait("tier", "nightly")]
    public void ConformsToManySeeds(string check) =>
        Verdict.Of(DeviceSuite.Default.RunCheck(check, Subject, ConformanceOptions.Thorough));
}
