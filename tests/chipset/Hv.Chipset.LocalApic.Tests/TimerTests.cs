using Hv.Sdk.Engines;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class TimerTests : IDisposable
{
    private const int LvtTimer = 0x320, Initial = 0x380, Current = 0x390, Divide = 0x3e0, Eoi = 0x0b0;
    private readonly DeviceBench bench = DeviceBench.Create(new LocalApicPlugin(), ApicBench.Setup(vcpus: 2));

    public TimerTests()
    {
        bench.Enable(0);
        bench.Enable(1);
    }

    public void Dispose() => bench.Dispose();

    private int Take(int vcpu = 0)
    {
        int vector = bench.Apic(vcpu).AcknowledgeInterrupt();
        if (vector >= 0) bench.Write(Eoi, 0, vcpu);
        return vector;
    }

    [Fact]
    public void OneShot_CountsDownOnce_AtTheDividedClock()
    {
        bench.Write(Divide, 0x3);
        bench.Write(LvtTimer, 0x41);
        bench.Write(Initial, 1000);
        bench.Advance(8_000);
        Assert.Equal(500u, bench.Read(Current));
        bench.Advance(7_999);
        Assert.Equal(-1, Take());
        bench.Advance(1);
        Assert.Equal(0x41, Take());
        Assert.Equal(0u, bench.Read(Current));
        bench.Advance(1_000_000);
        Assert.Equal(-1, Take());
    }

    [Fact]
    public void Periodic_Interrupts_WithoutDrift()
    {
        bench.Write(Divide, 0xb);
        bench.Write(LvtTimer, 0x2_0041);
        bench.Write(Initial, 1_000_000);
        int ticks = 0;
        for (int i = 0; i < 100; i++)
        {
            bench.Advance(1_000_000);
            if (Take() == 0x41) ticks++;
        }
        Assert.Equal(100, ticks);
        Assert.Equal(1_000_000u, bench.Read(Current));
    }

    [Fact]
    public void Periodic_TooShort_IsHeldTo20Microseconds()
    {
        bench.Write(Divide, 0xb);
        bench.Write(LvtTimer, 0x2_0041);
        bench.Write(Initial, 1);
        int before = bench.Machine.Notified(0);
        bench.Advance(1_000_000);
        Assert.InRange(bench.Machine.Notified(0) - before, 49, 51);
    }

    [Fact]
    public void Masked_Timer_CountsButDoesNotInterrupt()
    {
        bench.Write(LvtTimer, 0x1_0041);
        bench.Write(Initial, 100);
        bench.Advance(1_000);
        Assert.Equal(VcpuSignals.None, bench.Apic(0).Pending);
    }

    [Fact]
    public void DivideChanged_WhileCounting_KeepsTheCount()
    {
        bench.Write(Divide, 0xb);
        bench.Write(LvtTimer, 0x41);
        bench.Write(Initial, 1000);
        bench.Advance(400);
        bench.Write(Divide, 0x0);
        Assert.Equal(600u, bench.Read(Current));
        bench.Advance(1199);
        Assert.Equal(-1, Take());
        bench.Advance(1);
        Assert.Equal(0x41, Take());
    }

    [Fact]
    public void TscDeadline_Reached_InterruptsOnceAndDisarms()
    {
        bench.Write(LvtTimer, 0x4_0041, 1);
        Assert.Equal(MsrStatus.Ok, bench.Apic(1).WriteMsr(0x6e0, 5_000));
        _ = bench.Apic(1).ReadMsr(0x6e0, out ulong armed);
        Assert.Equal(5_000u, armed);
        bench.Advance(4_999);
        Assert.Equal(-1, Take(1));
        bench.Advance(1);
        Assert.Equal(0x41, Take(1));
        _ = bench.Apic(1).ReadMsr(0x6e0, out ulong after);
        Assert.Equal(0u, after);
    }

    [Fact]
    public void TscDeadline_InThePast_InterruptsAtOnce()
    {
        bench.Advance(10_000);
        bench.Write(LvtTimer, 0x4_0041);
        _ = bench.Apic(0).WriteMsr(0x6e0, 1);
        Assert.Equal(0x41, Take());
    }

    [Fact]
    public void TscDeadline_WrittenInAnotherMode_IsIgnored()
    {
        bench.Write(LvtTimer, 0x41);
        _ = bench.Apic(0).WriteMsr(0x6e0, 5_000);
        _ = bench.Apic(0).ReadMsr(0x6e0, out ulong value);
        Assert.Equal(0u, value);
        bench.Write(LvtTimer, 0x4_0041);
        bench.Write(Initial, 100);
        bench.Advance(1_000_000);
        Assert.Equal(-1, Take());
    }
}
