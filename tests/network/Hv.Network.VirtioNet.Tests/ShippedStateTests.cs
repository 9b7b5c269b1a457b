using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Network.VirtioNet.Tests;

/// <summary>Two pairs of queues over PCI, buffers for frames posted, one frame received.</summary>
public sealed class ShippedStateTests() : ShippedStates<VirtioNetPlugin>()
{
    protected override BenchSetup Setup { get; } = new()
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { Pci = new PciAddress(0, 3, 0) },
        Options = new Dictionary<string, string> { ["queues"] = "2" },
        Configure = b => b.AddBackend("netdev", new BenchNet()),
    };

    protected override void Prepare(DeviceBench bench)
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        for (int i = 0; i < 4; i++) guest.Queues[0].TryAdd([new(guest.Allocate(2048), 2048, true)], null);
        guest.Queues[0].Kick();
        bench.Run(() => bench.Backend<BenchNet>("netdev").Deliver(NetDriver.Frame(100, 1), default));
    }
}
