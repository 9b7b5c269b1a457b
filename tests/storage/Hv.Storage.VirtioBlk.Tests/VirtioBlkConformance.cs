using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Storage.VirtioBlk.Tests;

public abstract class VirtioBlkConformance : VirtioConformance<VirtioBlkPlugin>
{
    protected override int QueueCount => 2;
    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["queues"] = "2", ["packed"] = "on" };
    protected override void Configure(DeviceBench bench) => bench.AddBackend("drive", new BenchDisk(bench, 64 * 1024));

    /// <summary>Requests that look like some, besides noise: a header of a known type, data and status in
    /// RAM.</summary>
    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        int dice = random.Next(12);
        if (dice == 0)
        {
            bool isPrompt = random.Next(2) == 0;
            return Call("prompt " + isPrompt, b => b.Backend<BenchDisk>("drive").IsPrompt = isPrompt);
        }
        if (dice == 1)
        {
            int index = random.Next(4);
            return Call("complete " + index, b => b.Backend<BenchDisk>("drive").Complete(index));
        }
        if (!IsPacked && dice < 6)
        {
            uint type = (uint)(random.Next(8) == 0
                ? random.Next(20) : random.Next(5) switch { 0 => 0, 1 => 1, 2 => 4, 3 => 11, _ => 13 });
            byte[] header = BlkDriver.Header(type, (ulong)random.Next(random.Next(8) == 0 ? 1000 : 100));
            byte[] rest = type is 11 or 13
                ? BlkDriver.Range((ulong)random.Next(140), (uint)random.Next(10), (uint)random.Next(3))
                : new byte[type == 1 ? 512 * random.Next(4) : 0];
            int writable = random.Next(8) == 0 ? random.Next(600) : 1 + (type == 0 ? 512 * random.Next(4) : 0);
            return HostileRings.Plausible(random, random.Next(2), [.. header, .. rest], writable, 8);
        }
        return base.Next(random, bench);
    }

    private static BenchStep Call(string name, Func<DeviceBench, bool> action) =>
        new() { Kind = StepKind.Call, Name = name, Call = b => action(b) ? 1ul : 0 };
}

public sealed class VirtioBlkOnPciConformance : VirtioBlkConformance
{
    protected override Placement Placement => OnPci;
}

public sealed class VirtioBlkOnMmioConformance : VirtioBlkConformance
{
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
}
