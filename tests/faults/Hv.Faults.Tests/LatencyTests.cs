using Hv.Faults.Latency;
using Hv.Sdk.Block;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Faults.Tests;

public sealed class LatencyTests
{
    private static BenchFault Delays(string words) => new(new LatencyPlugin(), words);

    [Fact]
    public void Completion_IsLateByTheDelay_TheOthersAreNot()
    {
        using DeviceBench bench = Probe.Bench(Delays("where=drive,nth=1,delay=5ms"));
        Probe probe = Probe.On(bench);
        bench.Run(() => probe.Submit(BlockOperation.Read, 1, 0));
        bench.Run(() => probe.Submit(BlockOperation.Read, 2, 0));
        bench.Advance(10_000_000);
        Assert.Equal([(2ul, 0L), (1ul, 5_000_000L)], probe.Completions.Select(c => (c.Tag, c.AtNs)));
    }

    [Fact]
    public void LateCompletion_SavedOnItsWay_ArrivesInTheRestoredMachine()
    {
        using DeviceBench bench = Probe.Bench(Delays("where=drive,delay=5ms"));
        bench.Run(() => Probe.On(bench).Submit(BlockOperation.Flush, 9, 0, 0));
        bench.Advance(1_000_000);
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        twin.Advance(3_999_999);
        Assert.Empty(Probe.On(twin).Completions);
        twin.Advance(1);
        Assert.Equal(9ul, Assert.Single(Probe.On(twin).Completions).Tag);
    }

    [Fact]
    public void LateCompletion_AbandonedOrReset_NeverArrives()
    {
        using DeviceBench bench = Probe.Bench(Delays("where=drive,delay=5ms"));
        Probe probe = Probe.On(bench);
        bench.Run(() => probe.Submit(BlockOperation.Read, 1, 0));
        probe.Drive.Abandon(1);
        bench.Run(() => probe.Submit(BlockOperation.Read, 2, 0));
        bench.Reset(Sdk.ResetKind.Warm);
        bench.Advance(20_000_000);
        Assert.Empty(probe.Completions);
    }

    [Fact]
    public void Line_EdgesThatAreLate_KeepTheirOrder()
    {
        using DeviceBench bench = Probe.Bench(Delays("where=irq:irq,nth=1,delay=1ms"));
        Probe probe = Probe.On(bench);
        BenchLine line = bench.Line("irq");
        bench.Run(() => probe.Irq.Set(true));
        bench.Run(() => probe.Irq.Set(false));
        bench.Run(() => probe.Irq.Pulse());
        Assert.Equal((false, 0), (line.Level, line.RisingEdges));
        bench.Advance(1_000_000);
        Assert.Equal((false, 2), (line.Level, line.RisingEdges));
        bench.Run(() => probe.Irq.Set(true));
        Assert.True(line.Level);
    }

    [Fact]
    public void MessagesAndFrames_ComeLaterByDelayAndJitterOfTheSeed()
    {
        long[] Arrivals(int seed)
        {
            using DeviceBench bench = DeviceBench.Create(new ProbePlugin(), new BenchSetup
            {
                Seed = seed,
                Faults = [Delays("where=netdev,delay=1ms,jitter=1ms"), Delays("where=msi,delay=2ms")],
                Configure = b =>
                {
                    b.AddBackend("drive", new BenchDisk(b, 4096));
                    b.AddBackend("netdev", new BenchNet());
                },
            });
            Probe probe = Probe.On(bench);
            bench.Run(() => probe.Context.Msi.Send(new MsiMessage { Data = 7 }));
            for (byte i = 0; i < 5; i++) bench.Run(() => bench.Backend<BenchNet>("netdev").Deliver([i]));
            bench.Advance(1_999_999);
            Assert.Equal(0, bench.Msi.Count);
            bench.Advance(1);
            Assert.Equal(1, bench.Msi.Count);
            Assert.Equal(5, probe.Frames.Count);
            Assert.All(probe.Frames, f => Assert.InRange(f.AtNs, 1_000_000, 2_000_000));
            return [.. probe.Frames.Select(f => f.AtNs)];
        }

        Assert.Equal(Arrivals(1), Arrivals(1));
        Assert.NotEqual(Arrivals(1), Arrivals(2));
    }
}
