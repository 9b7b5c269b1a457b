using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Misc.VirtioRng.Tests;

/// <summary>Over MMIO, a buffer filled.</summary>
public sealed class ShippedStateTests() : ShippedStates<VirtioRngPlugin>()
{
    protected override BenchSetup Setup { get; } = new()
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { MmioBase = 0xd000_0000, Gsi = 10 },
    };

    protected override void Prepare(DeviceBench bench)
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        guest.Queues[0].TryAdd([new(guest.Allocate(32), 32, true)], null);
        guest.Queues[0].Kick();
    }
}
