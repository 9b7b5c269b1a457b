using Hv.Faults.ShortDma;
using Hv.Sdk.Memory;
using Hv.Sdk.TestKit;

namespace Hv.Faults.Tests;

public sealed class ShortDmaTests
{
    private static IDmaSpace Dma(DeviceBench bench) => Probe.On(bench).Context.Dma;

    private static DeviceBench Bench(string words) =>
        Probe.Bench(new BenchFault(new ShortDmaPlugin(), "where=dma," + words));

    [Fact]
    public void Transfer_ThatIsReported_FailsAfterItsFirstBytes()
    {
        using DeviceBench bench = Bench("bytes=3");
        Assert.False(Dma(bench).TryWrite(new(0), [1, 2, 3, 4, 5]));
        Assert.Equal([1, 2, 3, 0, 0], bench.Memory.Bytes[..5]);
        Assert.True(Dma(bench).TryWrite(new(16), [6, 7, 8]));
        byte[] read = new byte[5];
        Assert.False(Dma(bench).TryRead(new(0), read));
        Assert.False(Dma(bench).TryWindow(new(0), 8, DmaAccess.Write, out _));
        Assert.False(Dma(bench).TryLease(new(0), 8, DmaAccess.Read, out _));
        Assert.Equal("write of 5 bytes at 0x0 stopped after 3, and the device was told",
            bench.Faults[0].Firings[0].Evidence);
    }

    [Fact]
    public void Transfer_ThatIsNotReported_LooksWhole()
    {
        using DeviceBench bench = Bench("bytes=2,report=off");
        bench.Memory.Bytes.AsSpan(0, 8).Fill(9);
        byte[] read = new byte[4];
        Assert.True(Dma(bench).TryRead(new(0), read));
        Assert.Equal([9, 9, 0, 0], read);
        Assert.True(Dma(bench).TryWrite(new(0), [1, 1, 1, 1]));
        Assert.Equal([1, 1, 9, 9], bench.Memory.Bytes[..4]);
        Assert.True(Dma(bench).TryWindow(new(0), 4, DmaAccess.Write, out DmaWindow window));
        window.Bytes.Fill(5);
        window.Dispose();
        Assert.Equal([5, 5, 9, 9], bench.Memory.Bytes[..4]);
        Assert.True(Dma(bench).TryLease(new(4), 4, DmaAccess.Read, out IDmaLease lease));
        Assert.Equal([9, 9, 0, 0], lease.Bytes.ToArray());
        lease.Dispose();
        Assert.Equal([9, 9, 9, 9], bench.Memory.Bytes[4..8]);
    }

    [Fact]
    public void Transfer_ElsewhereOrTheOtherWay_IsLeftAlone()
    {
        using DeviceBench bench = Bench("address=0x100,length=16,direction=read,optional");
        Assert.True(Dma(bench).TryWrite(new(0x100), [1, 2]));
        Assert.True(Dma(bench).TryRead(new(0xf0), new byte[16]));
        Assert.True(Dma(bench).TryRead(new(0x110), new byte[16]));
        Assert.Equal(0ul, bench.Faults[0].Opportunities);
        Assert.False(Dma(bench).TryRead(new(0x10f), new byte[2]));
    }
}
