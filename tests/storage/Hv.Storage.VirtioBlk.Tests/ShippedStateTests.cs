using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Storage.VirtioBlk.Tests;

/// <summary>Two queues over PCI, a read and a flush in flight.</summary>
public sealed class ShippedStateTests() : ShippedStates<VirtioBlkPlugin>()
{
    protected override BenchSetup Setup { get; } = new()
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { Pci = new PciAddress(0, 3, 0) },
        Options = new Dictionary<string, string> { ["queues"] = "2" },
        Configure = b => b.AddBackend("drive", new BenchDisk(b, 64 * 1024) { IsPrompt = false }),
    };

    protected override void Prepare(DeviceBench bench)
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        ulong read = guest.Place(BlkDriver.Header(0, 3)), flush = guest.Place(BlkDriver.Header(4, 0));
        guest.Queues[0].TryAdd(
            [new(read, 16, false), new(guest.Allocate(1024), 1024, true), new(guest.Allocate(1), 1, true)], null);
        guest.Queues[0].Kick();
        guest.Queues[1].TryAdd([new(flush, 16, false), new(guest.Allocate(1), 1, true)], null);
        guest.Queues[1].Kick();
    }
}
