using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Device;

/// <summary>A device to be tried, and what is to be known about it. Checks ask for benches; each bench has a device of
/// its own.</summary>
public sealed class DeviceSubject
{
    /// <summary>Makes the device.</summary>
    public required IDeviceFactory Factory { get; init; }

    /// <summary>The machine around it.</summary>
    public BenchSetup Setup { get; init; } = new();

    /// <summary>Brings the device to work, as its driver would, so that a fuzz starts where it matters. Every other
    /// seed runs it. The same random numbers must give the same calls.</summary>
    public Action<DeviceBench, Random> Prepare { get; init; } = static (_, _) => { };

    /// <summary>The next step of a fuzz. The same random numbers and device must give the same step.</summary>
    public Func<Random, DeviceBench, BenchStep> Next { get; init; } = RandomSteps.Next;

    /// <summary>How many seeds each fuzz runs.</summary>
    public int Seeds { get; init; } = 24;

    /// <summary>How many steps a seed takes.</summary>
    public int Steps { get; init; } = 250;

    /// <summary>States that were shipped.</summary>
    public IReadOnlyList<RecordedState> States { get; init; } = [];

    /// <summary>The device's name, and where it sits.</summary>
    public string Name
    {
        get
        {
            string name = Description.NameOf<DeviceAttribute>(Factory);
            return Setup.Placement.Pci is not null ? name + " on PCI"
                : Setup.Placement.MmioBase is not null ? name + " on MMIO" : name;
        }
    }

    internal DeviceBench NewBench() => DeviceBench.Create(Factory, Setup);

    internal DeviceBench NewBench(int seed) => NewBench(seed, Setup);

    internal DeviceBench NewBench(int seed, BenchSetup setup)
    {
        DeviceBench bench = DeviceBench.Create(Factory, setup);
        if (seed % 2 == 0) Prepare(bench, new Random(seed));
        return bench;
    }
}
