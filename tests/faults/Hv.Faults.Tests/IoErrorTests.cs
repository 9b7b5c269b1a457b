using Hv.Faults.IoErrors;
using Hv.Sdk.Block;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Serial.Uart16550;

namespace Hv.Faults.Tests;

public sealed class IoErrorTests
{
    private static BenchFault Errors(string words) => new(new IoErrorsPlugin(), words);

    [Fact]
    public void Read_TheThird_FailsWithoutTouchingTheMedium()
    {
        using DeviceBench bench = Probe.Bench(Errors("where=drive,operation=read,nth=3"));
        Probe probe = Probe.On(bench);
        for (ulong tag = 1; tag <= 4; tag++) bench.Run(() => Assert.True(probe.Submit(BlockOperation.Read, tag, 0)));
        bench.Run(() => Assert.True(probe.Submit(BlockOperation.Write, 5, 0)));

        Assert.Equal([BlockStatus.Ok, BlockStatus.Ok, BlockStatus.IoError, BlockStatus.Ok, BlockStatus.Ok],
            probe.Completions.Select(c => c.Status));
        Assert.Equal(4, bench.Backend<BenchDisk>("drive").Log.Count);
        Assert.Equal("read of 512 bytes at 0 ended with IoError", Assert.Single(bench.Faults[0].Firings).Evidence);
    }

    [Fact]
    public void Write_OnABadSpot_FailsWithTheStatusThatWasAsked()
    {
        using DeviceBench bench = Probe.Bench(Errors("where=drive,operation=write,start=4K,length=1K,error=no-space"));
        Probe probe = Probe.On(bench);
        long[] offsets = [0, 3584, 4096, 4608, 5120];
        bench.Run(() =>
        {
            foreach (long offset in offsets[..4]) probe.Submit(BlockOperation.Write, (ulong)offset, offset);
        });
        bench.Run(() => probe.Submit(BlockOperation.Write, 5120, 5120));
        Assert.Equal([4096, 4608],
            probe.Completions.Where(c => c.Status == BlockStatus.NoSpace).Select(c => (long)c.Tag).Order());
        Assert.Equal(2ul, bench.Faults[0].Opportunities);
    }

    [Fact]
    public void FailedRequest_ToldAfterARestore_IsToldOnce()
    {
        using DeviceBench bench = Probe.Bench(Errors("where=drive,count=1"));
        Assert.True(Probe.On(bench).Submit(BlockOperation.Read, 7, 0)); // no step: nobody has heard of it yet
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        twin.Advance(1);
        Assert.Equal((7ul, BlockStatus.IoError), Assert.Single(Probe.On(twin).Completions.Select(c => (c.Tag,
            c.Status))));
        Assert.Equal(1ul, twin.Faults[0].Fired);
        twin.Run(() => Probe.On(twin).Submit(BlockOperation.Read, 8, 0));
        Assert.Equal(BlockStatus.Ok, Probe.On(twin).Completions[^1].Status);
    }

    [Fact]
    public void FailedRequest_AbandonedOrReset_IsNotHeardOf()
    {
        using DeviceBench bench = Probe.Bench(Errors("where=drive"));
        Probe probe = Probe.On(bench);
        probe.Submit(BlockOperation.Read, 1, 0);
        probe.Submit(BlockOperation.Read, 2, 0);
        probe.Drive.Abandon(1);
        bench.Advance(1);
        Assert.Equal([2ul], probe.Completions.Select(c => c.Tag));
        probe.Submit(BlockOperation.Read, 3, 0);
        bench.Reset(Sdk.ResetKind.Cold);
        bench.Advance(1);
        Assert.Single(probe.Completions);
    }

    [Fact]
    public void Frames_LostOnTheirWay_AreNotMissedByTheSender()
    {
        using DeviceBench bench =
            Probe.Bench(Errors("where=netdev,operation=send,nth=2"), Errors("where=netdev,operation=receive,nth=1"));
        Probe probe = Probe.On(bench);
        for (byte i = 1; i <= 3; i++) Assert.True(probe.Net.TrySend([i], default));
        BenchNet net = bench.Backend<BenchNet>("netdev");
        Assert.Equal([1, 3], net.Sent.Select(f => (int)f.Bytes[0]));
        Assert.True(net.Deliver([4]));
        Assert.True(net.Deliver([5]));
        Assert.Equal([5], probe.Frames.Select(f => (int)f.Frame[0]));
    }

    // What a vendor writes to see what a device makes of a line that loses characters.
    [Fact]
    public void Uart_OnALineThatLosesEveryThirdCharacter_SendsTheRest()
    {
        using DeviceBench bench = DeviceBench.Create(new Uart16550Plugin(), new BenchSetup
        {
            Faults = [new BenchFault(new IoErrorsPlugin(), "where=chardev,operation=send,every=3")],
        });
        foreach (char c in "abcdef") bench.Out(0x3f8, c);
        bench.Advance(1_000_000_000);
        Assert.Equal("abde", bench.Chars.SentText);
        Assert.Equal(2ul, bench.Faults[0].Fired);
    }
}
