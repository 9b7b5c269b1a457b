using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Misc.VirtioBalloon.Tests;

/// <summary>Over PCI, a target set, two pages given up, a buffer for statistics held.</summary>
public sealed class ShippedStateTests() : ShippedStates<VirtioBalloonPlugin>()
{
    protected override BenchSetup Setup { get; } = new()
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { Pci = new PciAddress(0, 3, 0) },
        Options = new Dictionary<string, string> { ["inflate"] = "64K", ["stats-interval"] = "1s" },
    };

    protected override void Prepare(DeviceBench bench)
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        guest.Queues[0].TryAdd([new(guest.Place([30, 0, 0, 0, 31, 0, 0, 0]), 8, false)], null);
        guest.Queues[0].Kick();
        guest.Queues[2].TryAdd([new(guest.Place([4, 0, 0, 0, 0, 0, 1, 0, 0, 0]), 10, false)], null);
        guest.Queues[2].Kick();
        guest.Registers.WriteConfig(4, 4, 2);
    }
}
