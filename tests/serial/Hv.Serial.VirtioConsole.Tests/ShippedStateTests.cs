using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Serial.VirtioConsole.Tests;

/// <summary>Over MMIO, with a line half sent and a buffer that waits for input.</summary>
public sealed class ShippedStateTests() : ShippedStates<VirtioConsolePlugin>()
{
    protected override BenchSetup Setup { get; } = new()
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { MmioBase = 0xd000_0000, Gsi = 10 },
    };

    protected override void Prepare(DeviceBench bench)
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        guest.Queues[0].TryAdd([new(guest.Allocate(64), 64, true)], null);
        guest.Queues[0].Kick();
        bench.Chars.SetRoom(3);
        guest.Queues[1].TryAdd([new(guest.Place("a line"u8), 6, false)], null);
        guest.Queues[1].Kick();
    }
}
