using Hv.Sdk.TestKit;
using Hv.Sdk.Time;

namespace Hv.Chipset.Pit8254.Tests;

public sealed class Pit8254Tests : IDisposable
{
    private static readonly ClockDomain Clock = new(1_193_182);
    private readonly DeviceBench bench =
        DeviceBench.Create(new Pit8254Plugin(), new BenchSetup { HasCharPort = false });

    public void Dispose() => bench.Dispose();

    private void Program(int counter, int mode, int count, bool isBcd = false)
    {
        bench.Out(0x43, (uint)(counter << 6 | 0x30 | mode << 1 | (isBcd ? 1 : 0)));
        bench.Out((ushort)(0x40 + counter), (uint)(count & 0xff));
        bench.Out((ushort)(0x40 + counter), (uint)(count >> 8));
    }

    /// <summary>Lets whole clock ticks pass; counting begins with the first after the count was written.</summary>
    private void Ticks(ulong count) =>
        bench.Advance(Clock.TimeOf(Clock.TicksAt(bench.Now) + count).Nanoseconds - bench.Now.Nanoseconds);

    private int Count(int counter)
    {
        bench.Out(0x43, (uint)(counter << 6));
        uint low = bench.In((ushort)(0x40 + counter));
        return (int)(bench.In((ushort)(0x40 + counter)) << 8 | low);
    }

    private byte Status(int counter)
    {
        bench.Out(0x43, (uint)(0xe0 | 2 << counter));
        return (byte)bench.In((ushort)(0x40 + counter));
    }

    private bool Out2 => (bench.In(0x61) & 0x20) != 0;
    private int Edges => bench.Line("irq0").RisingEdges;

    [Fact]
    public void Mode0_AtTerminalCount_RaisesTheLineOnce()
    {
        Program(0, mode: 0, count: 100);
        Assert.False(bench.Line("irq0").Level);
        Ticks(100);
        Assert.Equal(1, Count(0));
        Assert.False(bench.Line("irq0").Level);
        Ticks(1);
        Assert.True(bench.Line("irq0").Level);
        Ticks(1);
        Assert.Equal(0xffff, Count(0));
        Ticks(70_000);
        Assert.Equal(1, Edges);
    }

    [Fact]
    public void Mode0_FirstByteOfANewCount_LowersTheOutput()
    {
        Program(0, mode: 0, count: 10);
        Ticks(20);
        Assert.True(bench.Line("irq0").Level);
        bench.Out(0x40, 50);
        Assert.False(bench.Line("irq0").Level);
        Ticks(1000);
        Assert.False(bench.Line("irq0").Level);
        bench.Out(0x40, 0);
        Ticks(51);
        Assert.True(bench.Line("irq0").Level);
    }

    [Fact]
    public void Mode2_Running_TicksAtItsRateWithoutDrift()
    {
        Program(0, mode: 2, count: 11_932);
        int before = Edges;
        bench.Advance(10_000_000_000);
        Assert.InRange(Edges - before, 999, 1000);
        Assert.Equal((int)(11_932 - (Clock.TicksAt(bench.Now) - 1) % 11_932), Count(0));
    }

    [Fact]
    public void Mode2_NewCount_TakesEffectAfterTheCycle()
    {
        Program(0, mode: 2, count: 1000);
        Ticks(501);
        bench.Out(0x40, 100);
        bench.Out(0x40, 0);
        Assert.Equal(500, Count(0));
        Assert.NotEqual(0, Status(0) & 0x40);
        int before = Edges;
        Ticks(500);
        Assert.Equal(before + 1, Edges);
        Assert.Equal(100, Count(0));
        Assert.Equal(0, Status(0) & 0x40);
        Ticks(100);
        Assert.Equal(before + 2, Edges);
    }

    [Fact]
    public void Mode3_OddCount_IsHighOneTickLonger()
    {
        bench.Out(0x61, 1);
        Program(2, mode: 3, count: 5);
        Ticks(1);
        string seen = "";
        for (int i = 0; i < 10; i++, Ticks(1)) seen += Out2 ? '1' : '0';
        Assert.Equal("1110011100", seen);
    }

    [Fact]
    public void Mode3_EvenCount_CountsByTwo()
    {
        Program(0, mode: 3, count: 100);
        Ticks(11);
        Assert.Equal(80, Count(0));
        Ticks(50);
        Assert.Equal(80, Count(0));
    }

    [Fact]
    public void Mode0_GateLow_HoldsTheCount()
    {
        bench.Out(0x61, 1);
        Program(2, mode: 0, count: 100);
        Ticks(41);
        bench.Out(0x61, 0);
        Ticks(1000);
        Assert.Equal(60, Count(2));
        bench.Out(0x61, 1);
        Ticks(59);
        Assert.False(Out2);
        Ticks(1);
        Assert.True(Out2);
    }

    [Fact]
    public void Mode1_GateRises_GivesOnePulse()
    {
        Program(2, mode: 1, count: 10);
        Assert.True(Out2);
        bench.Out(0x61, 1);
        Ticks(5);
        Assert.False(Out2);
        Ticks(6);
        Assert.True(Out2);
        bench.Out(0x61, 0);
        bench.Out(0x61, 1);
        Ticks(5);
        Assert.False(Out2);
    }

    [Fact]
    public void Mode4_Expired_StrobesForOneTick()
    {
        bench.Out(0x61, 1);
        Program(2, mode: 4, count: 10);
        Ticks(10);
        Assert.True(Out2);
        Ticks(1);
        Assert.False(Out2);
        Ticks(1);
        Assert.True(Out2);
    }

    [Fact]
    public void Mode5_GateRises_StrobesAfterTheCount()
    {
        Program(2, mode: 5, count: 10);
        Ticks(100);
        bench.Out(0x61, 1);
        Ticks(11);
        Assert.False(Out2);
        Ticks(1);
        Assert.True(Out2);
    }

    [Fact]
    public void Bcd_Count_IsReadAndCountedInDecimal()
    {
        Program(0, mode: 0, count: 0x1000, isBcd: true);
        Ticks(2);
        Assert.Equal(0x0999, Count(0));
        Ticks(1000);
        Assert.Equal(0x9999, Count(0));
    }

    [Fact]
    public void Latch_SecondBeforeRead_IsIgnored()
    {
        Program(0, mode: 2, count: 0);
        Ticks(101);
        bench.Out(0x43, 0x00);
        Ticks(50);
        Assert.Equal(65536 - 100, Count(0));
        Assert.Equal(65536 - 150, Count(0));
    }

    [Fact]
    public void ReadBack_StatusAndCount_GivesStatusFirst()
    {
        Program(0, mode: 2, count: 1000);
        Ticks(11);
        bench.Out(0x43, 0xc2);
        Assert.Equal(0xb4u, bench.In(0x40));
        Assert.Equal(990u, bench.In(0x40) | bench.In(0x40) << 8);
    }

    [Fact]
    public void Access_LowByteOnly_LeavesTheHighByteZero()
    {
        bench.Out(0x43, 0x14);
        bench.Out(0x40, 200);
        Ticks(2);
        Assert.Equal(199u, bench.In(0x40));
        Assert.Equal(199u, bench.In(0x40));
    }

    [Fact]
    public void RefreshBit_Watched_Toggles()
    {
        uint before = bench.In(0x61) & 0x10;
        bench.Advance(15_085);
        Assert.NotEqual(before, bench.In(0x61) & 0x10);
    }
}
