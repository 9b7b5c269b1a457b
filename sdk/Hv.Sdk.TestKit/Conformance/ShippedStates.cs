using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>Keeps one saved state of every version of a device's layout that was ever shipped, in the folder <c>states</c> beside the
/// test, and holds the device to reading them: <c>public sealed class Gpio8States() : ShippedStates&lt;Gpio8Factory&gt;;</c>.
/// A new version's file is written by running the test with <c>HV_UPDATE_STATES=1</c>; a file that is there is never changed.</summary>
/// <typeparam name="TFactory">The device's exported factory.</typeparam>
/// <param name="testFile">Given by the compiler.</param>
public abstract class ShippedStates<TFactory>([CallerFilePath] string testFile = "") where TFactory : IDeviceFactory, new()
{
    private const int Steps = 300;

    /// <summary>The machine around the device; must not change once states were shipped.</summary>
    protected virtual BenchSetup Setup { get; } = new();

    private string Folder => Path.Combine(Path.GetDirectoryName(testFile)!, "states");

    /// <summary>States of all versions are read; one of the present version is written again byte for byte.</summary>
    [Fact]
    public void Load_StateOfEachVersion_IsTaken()
    {
        using DeviceBench device = DeviceBench.Create(new TFactory(), Setup);
        ushort current = device.Save().Version;
        string present = Path.Combine(Folder, $"v{current}.state");
        if (!File.Exists(present) && Environment.GetEnvironmentVariable("HV_UPDATE_STATES") == "1") Write(present, device);
        Assert.True(File.Exists(present), $"{present} is missing: a layout of version {current} was shipped or will be; run with HV_UPDATE_STATES=1");
        foreach (string file in Directory.EnumerateFiles(Folder, "v*.state"))
        {
            string[] lines = File.ReadAllLines(file);
            ushort version = ushort.Parse(Path.GetFileNameWithoutExtension(file).AsSpan(1), CultureInfo.InvariantCulture);
            byte[] state = Convert.FromHexString(lines[1]);
            long nowNs = long.Parse(lines[0], CultureInfo.InvariantCulture);
            using DeviceBench twin = DeviceBench.FromState(new TFactory(), Setup, nowNs, version, state);
            if (version == current) Assert.Equal(lines[1], Convert.ToHexString(twin.SaveState()));
        }
    }

    private static void Write(string path, DeviceBench device)
    {
        Random random = new(1);
        for (int i = 0; i < Steps; i++) RandomSteps.Next(random, device).Apply(device);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string now = device.Now.Nanoseconds.ToString(CultureInfo.InvariantCulture);
        File.WriteAllText(path, $"{now}\n{Convert.ToHexString(device.SaveState())}\n");
    }
}
