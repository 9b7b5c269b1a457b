using Hv.Sdk;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.CmosRtc.Tests;

public sealed class CmosRtcTests : IDisposable
{
    // The bench's virtual time begins at 2024-02-28 23:59:58 UTC.
    private readonly DeviceBench bench =
        DeviceBench.Create(new CmosRtcPlugin(), new BenchSetup { HasCharPort = false });

    public void Dispose() => bench.Dispose();

    private uint this[int cell]
    {
        get
        {
            bench.Out(0x70, (uint)cell);
            return bench.In(0x71);
        }
        set
        {
            bench.Out(0x70, (uint)cell);
            bench.Out(0x71, value);
        }
    }

    private string Time =>
        $"{this[0x32]:x2}{this[9]:x2}-{this[8]:x2}-{this[7]:x2} {this[4]:x2}:{this[2]:x2}:{this[0]:x2} day {this[6]:x}";
    private bool Irq => bench.Line("irq").Level;

    private void Set(uint century, uint year, uint month, uint day, uint hour, uint minute, uint second)
    {
        this[0x0b] = 0x82;
        (this[0x32], this[9], this[8], this[7], this[4], this[2], this[0]) =
            (century, year, month, day, hour, minute, second);
        this[0x0b] = 0x02;
    }

    [Fact]
    public void Time_AfterPowerOn_IsTheMachines()
    {
        Assert.Equal("2024-02-28 23:59:58 day 4", Time);
        bench.Advance(2_000_000_000);
        Assert.Equal("2024-02-29 00:00:00 day 5", Time);
        Assert.Equal(0x80u, this[0x0d]);
    }

    [Fact]
    public void Time_Binary12Hours_IsFormattedSo()
    {
        this[0x0b] = 0x04;
        Assert.Equal((58u, 59u, 0x80u | 11), (this[0], this[2], this[4]));
        bench.Advance(2_000_000_000);
        Assert.Equal(12u, this[4]);
    }

    [Theory]
    [InlineData(0x19u, 0x99u, 0x12u, 0x31u, "2000-01-01 00:00:00 day 7")]
    [InlineData(0x21u, 0x00u, 0x02u, 0x28u, "2100-03-01 00:00:00 day 2")]
    [InlineData(0x20u, 0x00u, 0x02u, 0x28u, "2000-02-29 00:00:00 day 3")]
    [InlineData(0x99u, 0x99u, 0x12u, 0x31u, "0000-01-01 00:00:00 day 7")]
    public void SetByGuest_NextSecond_RollsOver(uint century, uint year, uint month, uint day, string expected)
    {
        Set(century, year, month, day, 0x23, 0x59, 0x59);
        bench.Advance(1_000_000_000);
        Assert.Equal(expected, Time);
    }

    [Fact]
    public void SetBit_WhileSet_HoldsTheCells()
    {
        this[0x0b] = 0x82;
        bench.Advance(5_000_000_000);
        Assert.Equal(0x58u, this[0]);
        Assert.Equal(0u, this[0x0a] & 0x80);
        this[0x0b] = 0x02;
        bench.Advance(1_000_000_000);
        Assert.Equal(0x59u, this[0]);
    }

    [Fact]
    public void UpdateInProgress_BeforeTheSecond_Warns244Microseconds()
    {
        bench.Advance(999_755_999);
        Assert.Equal(0u, this[0x0a] & 0x80);
        bench.Advance(1);
        Assert.Equal(0x80u, this[0x0a] & 0x80);
        bench.Advance(244_000);
        Assert.Equal(0u, this[0x0a] & 0x80);
        Assert.Equal(0x59u, this[0]);
    }

    [Fact]
    public void DividerReset_Released_UpdatesHalfASecondLater()
    {
        bench.Advance(300_000_000);
        this[0x0a] = 0x76;
        bench.Advance(2_000_000_000);
        this[0x0a] = 0x26;
        bench.Advance(499_999_999);
        Assert.Equal(0x58u, this[0]);
        bench.Advance(1);
        Assert.Equal(0x59u, this[0]);
    }

    [Fact]
    public void UpdateInterrupt_EverySecond_UntilRead()
    {
        this[0x0b] = 0x12;
        bench.Advance(999_999_999);
        Assert.False(Irq);
        bench.Advance(1);
        Assert.True(Irq);
        Assert.Equal(0x90u, this[0x0c] & 0x90);
        Assert.False(Irq);
        Assert.Equal(0u, this[0x0c] & 0x90);
        bench.Advance(1_000_000_000);
        Assert.True(Irq);
        Assert.Equal(2, bench.Line("irq").RisingEdges);
    }

    [Fact]
    public void PeriodicInterrupt_1024Hz_ComesAsOftenAsItIsRead()
    {
        this[0x0a] = 0x26;
        this[0x0b] = 0x42;
        _ = this[0x0c];
        int edges = bench.Line("irq").RisingEdges;
        for (int i = 0; i < 1024; i++)
        {
            bench.Advance(976_563);
            _ = this[0x0c];
        }
        Assert.InRange(bench.Line("irq").RisingEdges - edges, 1023, 1025);
        bench.Advance(10_000_000_000);
        Assert.InRange(bench.Line("irq").RisingEdges - edges, 1024, 1026);
    }

    [Fact]
    public void Flags_WithoutEnables_AreThereForPolling()
    {
        bench.Advance(1_000_000_000);
        Assert.Equal(0x50u, this[0x0c]);
        Assert.Equal(0x00u, this[0x0c]);
    }

    [Fact]
    public void Alarm_AtItsTime_Interrupts()
    {
        (this[1], this[3], this[5]) = (0x05, 0x00, 0x00);
        this[0x0b] = 0x22;
        bench.Advance(6_999_999_999);
        Assert.False(Irq);
        bench.Advance(1);
        Assert.True(Irq);
        Assert.Equal(0xa0u, this[0x0c] & 0xa0);
        bench.Advance(86_399_000_000_000);
        Assert.False(Irq);
        bench.Advance(1_000_000_000);
        Assert.True(Irq);
    }

    [Fact]
    public void Alarm_DoNotCareCells_ComesEachMinute()
    {
        (this[1], this[3], this[5]) = (0x00, 0xff, 0xc0);
        this[0x0b] = 0x22;
        for (int i = 0; i < 3; i++)
        {
            bench.Advance(i == 0 ? 2_000_000_000 : 60_000_000_000);
            Assert.Equal(0xa0u, this[0x0c] & 0xa0);
        }
    }

    [Fact]
    public void WarmReset_KeepsTimeAndMemory_ClearsEnables()
    {
        this[0x40] = 0x5a;
        Set(0x20, 0x30, 0x01, 0x01, 0, 0, 0);
        this[0x0b] = 0x72;
        bench.Reset(ResetKind.Warm);
        Assert.Equal(0x5au, this[0x40]);
        Assert.Equal(0x30u, this[9]);
        Assert.Equal(0x02u, this[0x0b]);
        bench.Reset(ResetKind.Cold);
        Assert.Equal(0u, this[0x40]);
        Assert.Equal(0x24u, this[9]);
    }

    [Fact]
    public void Banks_Hold128BytesEach()
    {
        bench.Out(0x72, 0x10);
        bench.Out(0x73, 0x77);
        this[0x10] = 0x66;
        Assert.Equal(0x77u, bench.In(0x73));
        Assert.Equal(0x66u, this[0x10]);
        Assert.Equal(0xffu, bench.In(0x70));
    }
}
