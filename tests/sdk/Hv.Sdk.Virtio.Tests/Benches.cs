using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Virtio.Tests;

/// <summary>The echo device on either transport.</summary>
internal static class Benches
{
    public static BenchSetup Setup(bool onPci) => new()
    {
        MemoryBytes = 512 * 1024,
        Placement = onPci ? new Placement { Pci = new PciAddress(0, 3, 0) }
            : new Placement { MmioBase = 0xd000_1000, Gsi = 11 },
    };

    public static DeviceBench Create(bool onPci) => DeviceBench.Create(new EchoPlugin(), Setup(onPci));

    public static EchoDevice Echo(this DeviceBench bench) => (EchoDevice)bench.Device;

    /// <summary>All features but the layout, which is chosen.</summary>
    public static ulong Features(bool isPacked) => isPacked ? ulong.MaxValue : ~VirtioFeature.PackedRing;

    public static VirtioGuest Start(DeviceBench bench, bool isPacked, int queueSize = 16) =>
        VirtioGuest.Start(bench, Features(isPacked), queueSize);
}
