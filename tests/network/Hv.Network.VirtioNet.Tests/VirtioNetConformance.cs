using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Network.VirtioNet.Tests;

public abstract class VirtioNetConformance : VirtioConformance<VirtioNetPlugin>
{
    protected override int QueueCount => 5;
    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["queues"] = "2", ["packed"] = "on" };
    protected override void Configure(DeviceBench bench) =>
        bench.AddBackend("netdev", new BenchNet { KeepsFrames = false });

    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        int dice = random.Next(8);
        if (dice == 0)
        {
            byte[] frame = NetDriver.Frame(random.Next(10, 3000), random.Next());
            FrameInfo info = new() { NeedsChecksum = random.Next(2) == 0, ChecksumStart = (ushort)random.Next(70),
                SegmentationType = (byte)random.Next(3) };
            return Call("frame", net => net.Deliver(frame, info));
        }
        if (dice == 1)
        {
            int room = random.Next(3) == 0 ? 0 : random.Next(100);
            return Call("room " + room, net => { net.SetRoom(room); return true; });
        }
        if (dice == 2)
        {
            // A frame that is one, to send or to the control queue.
            byte[] content = new byte[random.Next(12, 200)];
            random.NextBytes(content.AsSpan(random.Next(3) == 0 ? 0 : 12));
            return HostileRings.Plausible(random, random.Next(2) * 2 + 1, content, random.Next(2), 8);
        }
        if (dice == 3)
        {
            byte[] command = new byte[random.Next(2, 40)];
            random.NextBytes(command.AsSpan(2));
            (command[0], command[1]) = ((byte)random.Next(7), (byte)random.Next(3));
            return HostileRings.Plausible(random, random.Next(2) * 2 + 2, command, 1, 8);
        }
        if (dice == 4) return HostileRings.Plausible(random, random.Next(2) * 2, [], random.Next(4000), 8);
        return base.Next(random, bench);
    }

    private static BenchStep Call(string name, Func<BenchNet, bool> action) =>
        new() { Kind = StepKind.Call, Name = name, Call = b => action(b.Backend<BenchNet>("netdev")) ? 1ul : 0 };

}

public sealed class VirtioNetOnPciConformance : VirtioNetConformance
{
    protected override Placement Placement => OnPci;
}

public sealed class VirtioNetOnMmioConformance : VirtioNetConformance
{
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
}
