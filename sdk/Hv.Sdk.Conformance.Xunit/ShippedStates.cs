using System.Runtime.CompilerServices;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>Keeps one saved state of every version of a device's layout that was ever shipped, in the folder
/// <c>states</c> beside the test, and holds the device to reading them: <c>public sealed class Gpio8States() :
/// ShippedStates&lt;Gpio8Factory&gt;;</c>. A new version's file is written by running the test with
/// <c>HV_UPDATE_STATES=1</c>; a file that is there is never changed.</summary>
/// <typeparam name="TFactory">The device's exported factory.</typeparam>
/// <param name="testFile">Given by the compiler.</param>
public abstract class ShippedStates<TFactory>([CallerFilePath] string testFile = "") where TFactory : IDeviceFactory,
    new()
{
    private const int Steps = 300;

    /// <summary>The machine around the device; must not change once states were shipped.</summary>
    protected virtual BenchSetup Setup { get; } = new();

    /// <summary>Brings a device that has been through random steps to where its state is worth keeping: in the middle
    /// of its work.</summary>
    protected virtual void Prepare(DeviceBench bench) { }

    /// <summary>States of all versions are read; one of the present version is written again byte for byte.</summary>
    [Checks(typeof(DeviceSuite), Only = DeviceSuite.RecordedStates)]
    public void Conforms(string check)
    {
        string folder = Path.Combine(Path.GetDirectoryName(testFile)!, "states");
        ushort current = CurrentVersion(out RecordedState present);
        if (Environment.GetEnvironmentVariable("HV_UPDATE_STATES") == "1") present.WriteTo(folder);
        DeviceSubject subject =
            new() { Factory = new TFactory(), Setup = Setup, States = RecordedState.ReadFolder(folder) };
        if (!subject.States.Any(s => s.Version == current))
            throw new ContractException(
                $"{folder} has no v{current}.state: a layout of version {current} was shipped or "
                + "will be; run with HV_UPDATE_STATES=1");
        Verdict.Of(DeviceSuite.Default.RunCheck(check, subject, ConformanceOptions.Quick));
    }

    private ushort CurrentVersion(out RecordedState present)
    {
        using DeviceBench device = DeviceBench.Create(new TFactory(), Setup);
        Random random = new(1);
        for (int i = 0; i < Steps; i++) RandomSteps.Next(random, device).Apply(device);
        Prepare(device);
        ushort version = device.Save().Version;
        present = new RecordedState(version, device.Now.Nanoseconds, device.SaveState());
        return version;
    }
}
