using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Hpet.Tests;

public sealed class HpetConformance : DeviceConformance<HpetPlugin>
{
    protected override void Prepare(DeviceBench bench, Random random)
    {
        for (uint timer = 0; timer < 3; timer++)
        {
            bench.WriteMmio(0xfed00100 + (timer * 0x20), (ulong)random.Next(0x8000) | 4, 8);
            bench.WriteMmio(0xfed00108 + (timer * 0x20), (ulong)random.Next(100_000), 8);
        }
        bench.WriteMmio(0xfed00010, (ulong)random.Next(4) | 1, 8);
    }
}

public sealed class HpetTests : IDisposable
{
    private const ulong Base = 0xfed00000, Configuration = Base + 0x10, Status = Base + 0x20, Counter = Base + 0xf0;
    private readonly DeviceBench bench = DeviceBench.Create(new HpetPlugin());

    public void Dispose() => bench.Dispose();

    private static ulong Conf(int timer) => Base + 0x100 + (ulong)(timer * 0x20);
    private static ulong Comp(int timer) => Conf(timer) + 8;

    [Fact]
    public void Capabilities_GiveAPeriodOfTenNanosecondsAndThreeTimers()
    {
        ulong value = bench.ReadMmio(Base, 8);
        Assert.Equal(10_000_000ul, value >> 32);
        Assert.Equal(2ul, (value >> 8) & 0x1f);
    }

    [Fact]
    public void Counter_RunsOnlyWhileEnabledAndKeepsItsValue()
    {
        bench.Advance(1000);
        Assert.Equal(0ul, bench.ReadMmio(Counter, 8));
        bench.WriteMmio(Counter, 500, 8);
        bench.WriteMmio(Configuration, 1, 8);
        bench.Advance(1000);
        Assert.Equal(600ul, bench.ReadMmio(Counter, 8));
        bench.WriteMmio(Configuration, 0, 8);
        bench.Advance(1000);
        Assert.Equal(600ul, bench.ReadMmio(Counter, 8));
    }

    [Fact]
    public void OneShot_OnARoutedPin_FiresAtItsTime()
    {
        bench.WriteMmio(Conf(1), 4 | 21 << 9, 8);
        bench.WriteMmio(Comp(1), 100, 8);
        bench.WriteMmio(Configuration, 1, 8);
        bench.Advance(999);
        Assert.Equal(0, bench.Line("pin21").RisingEdges);
        bench.Advance(1);
        Assert.Equal(1, bench.Line("pin21").RisingEdges);
        bench.Advance(1_000_000);
        Assert.Equal(1, bench.Line("pin21").RisingEdges);
    }

    [Fact]
    public void Periodic_InLegacyReplacement_TicksOnIrq0()
    {
        bench.WriteMmio(Configuration, 3, 8);
        bench.WriteMmio(Conf(0), 4 | 8 | 0x40, 8);
        bench.WriteMmio(Comp(0), 1000, 8);
        bench.WriteMmio(Comp(0), 5000, 8);
        bench.Advance(10_000);
        Assert.Equal(1, bench.Line("irq0").RisingEdges);
        bench.Advance(500_000);
        Assert.Equal(11, bench.Line("irq0").RisingEdges);
    }

    [Fact]
    public void Periodic_ShorterThanTheLimit_SkipsTicksAndStaysInStep()
    {
        bench.WriteMmio(Configuration, 3, 8);
        bench.WriteMmio(Conf(0), 4 | 8 | 0x40, 8);
        bench.WriteMmio(Comp(0), 100, 8);
        bench.Advance(1000);
        Assert.Equal(1, bench.Line("irq0").RisingEdges);
        Assert.Equal(1200ul, bench.ReadMmio(Comp(0), 8));
        bench.Advance(100_000);
        Assert.InRange(bench.Line("irq0").RisingEdges, 9, 11);
    }

    [Fact]
    public void Level_HoldsItsLineUntilStatusIsCleared()
    {
        bench.WriteMmio(Conf(2), 4 | 2 | 20 << 9, 8);
        bench.WriteMmio(Comp(2), 10, 8);
        bench.WriteMmio(Configuration, 1, 8);
        bench.Advance(100);
        Assert.True(bench.Line("pin20").Level);
        Assert.Equal(4ul, bench.ReadMmio(Status, 8));
        bench.WriteMmio(Status, 4, 8);
        Assert.False(bench.Line("pin20").Level);
    }

    [Fact]
    public void Fsb_SendsItsMessage()
    {
        bench.WriteMmio(Conf(2) + 0x10, 0xfee01000ul << 32 | 0x41, 8);
        bench.WriteMmio(Conf(2), 4 | 1 << 14, 8);
        bench.WriteMmio(Comp(2), 10, 8);
        bench.WriteMmio(Configuration, 1, 8);
        bench.Advance(100);
        Assert.Equal((0xfee01000ul, 0x41u), (bench.Msi.Last!.Value.Address, bench.Msi.Last!.Value.Data));
    }

    [Fact]
    public void LegacyInputs_PassUnlessReplaced()
    {
        bench.Drive("legacy", 0, true);
        bench.Drive("legacy", 1, true);
        Assert.True(bench.Line("irq0").Level);
        Assert.True(bench.Line("irq8").Level);
        bench.WriteMmio(Configuration, 2, 8);
        Assert.False(bench.Line("irq0").Level);
        Assert.False(bench.Line("irq8").Level);
        bench.WriteMmio(Configuration, 0, 8);
        Assert.True(bench.Line("irq0").Level);
    }
}
