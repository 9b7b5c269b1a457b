using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>The device checks for a virtio device: every other seed begins with a driver that has set the queues up,
/// and every third step scribbles over its rings. Derive one class for each transport and layout worth it.</summary>
/// <typeparam name="TFactory">The device's exported factory.</typeparam>
public abstract class VirtioConformance<TFactory> : DeviceConformance<TFactory> where TFactory : IDeviceFactory, new()
{
    private const int QueueSize = 8;

    /// <summary>A place on PCI.</summary>
    protected static Placement OnPci { get; } = new() { Pci = new PciAddress(0, 3, 0) };
    /// <summary>A place on MMIO.</summary>
    protected static Placement OnMmio { get; } = new() { MmioBase = 0xd000_0000, Gsi = 10 };

    /// <summary>Options with which the device is made.</summary>
    protected virtual IReadOnlyDictionary<string, string> Options { get; } = new Dictionary<string, string>();

    /// <summary>Where the board puts the device.</summary>
    protected abstract Placement Placement { get; }

    /// <summary>The layout to drive.</summary>
    protected virtual bool IsPacked => false;

    /// <summary>Queues of the device.</summary>
    protected abstract int QueueCount { get; }

    /// <summary>Half of a plain device's: there is a class for each transport and layout.</summary>
    protected override int Seeds => 12;

    /// <summary>Connects backends.</summary>
    protected virtual void Configure(DeviceBench bench) { }

    /// <inheritdoc/>
    protected sealed override BenchSetup Setup => new()
    {
        Placement = Placement,
        MemoryBytes = 128 * 1024,
        Options = Options,
        Configure = Configure,
    };

    /// <inheritdoc/>
    protected override void Prepare(DeviceBench bench, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ulong wanted = random.Next(3) == 0 ? 0 : ulong.MaxValue;
        VirtioGuest.Start(bench, IsPacked ? wanted | VirtioFeature.PackedRing : wanted & ~VirtioFeature.PackedRing,
            QueueSize);
    }

    /// <inheritdoc/>
    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Next(3) == 0
            ? HostileRings.Next(random, QueueCount, IsPacked, QueueSize) : base.Next(random, bench);
    }
}
