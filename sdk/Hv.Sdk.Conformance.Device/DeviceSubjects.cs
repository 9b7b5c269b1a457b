using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Conformance.Device;

/// <summary>Makes subjects of devices of which nothing is known but their class and manifest: tries where they can sit,
/// connects every backend, and drives virtio devices as a driver would. A device's own tests know it better.</summary>
public static class DeviceSubjects
{
    private const int MemoryBytes = 128 * 1024, DiskBytes = 64 * 1024, QueueSize = 8, MostQueues = 16;
    private const uint VirtioMagic = 0x7472_6976, VirtioVendor = 0x1af4;

    private static readonly Placement OnPci = new() { Pci = new PciAddress(0, 3, 0) };
    private static readonly Placement OnMmio = new() { MmioBase = 0xd000_0000, Gsi = 10 };

    /// <summary>A subject for each bus that the device can sit on.</summary>
    /// <param name="factory">The device's factory.</param>
    /// <param name="buses">Buses of the manifest (<c>pci</c>, <c>mmio</c>, <c>isa</c>); none: the first place where it
    /// attaches.</param>
    /// <param name="options">Options as a user would type them.</param>
    /// <exception cref="ConfigurationException">It attaches nowhere: the message says what it misses.</exception>
    public static IReadOnlyList<DeviceSubject> Of(
        IDeviceFactory factory, IReadOnlyList<string> buses, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(buses);
        Placement[] named =
            [.. buses.Select(b => b switch { "pci" => OnPci, "mmio" => OnMmio, _ => Placement.None }).Distinct()];
        if (named.Length > 0) return [.. named.Select(p => Subject(factory, p, options))];
        ConfigurationException? refusal = null;
        foreach (Placement place in new[] { Placement.None, OnPci, OnMmio })
        {
            try
            {
                return [Subject(factory, place, options)];
            }
            catch (ConfigurationException e)
            {
                refusal ??= e;
            }
        }
        throw refusal!;
    }

    private static DeviceSubject Subject(
        IDeviceFactory factory, Placement place, IReadOnlyDictionary<string, string> options)
    {
        BenchSetup setup = new()
        {
            Placement = place,
            Options = options,
            MemoryBytes = MemoryBytes,
            VcpuCount = 2,
            Configure = static bench =>
            {
                bench.AddBackend("drive", new BenchDisk(bench, DiskBytes));
                bench.AddBackend("netdev", new BenchNet { KeepsFrames = false });
            },
        };
        IReadOnlyList<RecordedState> states = RecordedStates(factory);
        using DeviceBench? bench = TryCreate(factory, setup);
        if (bench is null || !IsVirtio(bench))
            return new DeviceSubject { Factory = factory, Setup = setup, States = states };
        GuestRegisters registers = GuestRegisters.Of(bench);
        int queues = Enumerable.Range(0, MostQueues).TakeWhile(q => registers.QueueMaximum(q) > 0).Count();
        return new DeviceSubject
        {
            Factory = factory,
            Setup = setup,
            States = states,
            Prepare = static (b, random) => VirtioGuest.Start(b,
                (random.Next(3) == 0 ? 0 : ulong.MaxValue) & ~VirtioFeature.PackedRing, QueueSize),
            Next = (random, b) => queues > 0 && random.Next(3) == 0
                ? HostileRings.Next(random, queues, isPacked: false, QueueSize) : RandomSteps.Next(random, b),
        };
    }

    /// <summary>Null for a device that fails already here: its suite says so, with evidence.</summary>
    private static DeviceBench? TryCreate(IDeviceFactory factory, BenchSetup setup)
    {
        try
        {
            return DeviceBench.Create(factory, setup);
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            return null;
        }
    }

    private static bool IsVirtio(DeviceBench bench) => bench.Setup.Placement.MmioBase is { } mmio
        ? (uint)bench.ReadMmio(mmio) == VirtioMagic
        : bench.Pci?.Function is not null && bench.ReadConfig(0, 2) == VirtioVendor;

    /// <summary>What a plugin ships beside its assembly, in <c>states</c>.</summary>
    private static IReadOnlyList<RecordedState> RecordedStates(IDeviceFactory factory) =>
        factory.GetType().Assembly.Location is { Length: > 0 } path
            ? RecordedState.ReadFolder(Path.Combine(Path.GetDirectoryName(path)!, "states")) : [];
}
