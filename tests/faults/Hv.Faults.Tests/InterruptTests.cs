using Hv.Faults.LostInterrupts;
using Hv.Sdk.Engines;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Faults.Tests;

public sealed class InterruptTests
{
    private static BenchFault Lost(string words) => new(new LostInterruptsPlugin(), words);

    [Fact]
    public void Level_Lost_StaysLowUntilTheDeviceRaisesItsLineAnew()
    {
        using DeviceBench bench = Probe.Bench(Lost("where=irq:*,nth=1"));
        IrqLine irq = Probe.On(bench).Irq;
        BenchLine line = bench.Line("irq");
        irq.Set(true);
        irq.Set(true);
        Assert.False(line.Level);
        irq.Set(false);
        irq.Set(true);
        Assert.True(line.Level);
        Assert.Equal((2ul, 1ul), (bench.Faults[0].Opportunities, bench.Faults[0].Fired));
    }

    [Fact]
    public void EdgesAndMessages_Duplicated_ComeTwice()
    {
        using DeviceBench bench = Probe.Bench(Lost("action=duplicate"));
        Probe probe = Probe.On(bench);
        probe.Irq.Pulse();
        probe.Context.Msi.Send(new MsiMessage { Address = 0xfee00000, Data = 0x31 });
        Assert.Equal((2, 2), (bench.Line("irq").RisingEdges, bench.Msi.Count));
        probe.Irq.Set(true);
        Assert.Equal((true, 4), (bench.Line("irq").Level, bench.Line("irq").RisingEdges));
    }

    [Fact]
    public void Message_TheSecond_IsLost()
    {
        using DeviceBench bench = Probe.Bench(Lost("where=msi,nth=2"));
        for (uint i = 1; i <= 3; i++) Probe.On(bench).Context.Msi.Send(new MsiMessage { Data = i });
        Assert.Equal([1u, 3u], [bench.Msi[0].Data, bench.Msi[1].Data]);
        Assert.Equal("message 0x2 to 0x0 was lost", bench.Faults[0].Firings[0].Evidence);
    }

    [Fact]
    public void Line_Stuck_FollowsItsDeviceAgainWhenItIsLetGo()
    {
        using DeviceBench bench = Probe.Bench(Lost("where=irq:irq,action=stuck,hold=1ms,count=1"));
        IrqLine irq = Probe.On(bench).Irq;
        bench.Run(() => irq.Set(true));
        bench.Run(() => irq.Set(false));
        bench.Advance(999_999);
        Assert.True(bench.Line("irq").Level);
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        bench.Advance(1);
        Assert.False(bench.Line("irq").Level);
        twin.Advance(1);
        Assert.False(twin.Line("irq").Level);
    }

    [Fact]
    public void Spurious_AtItsMoments_ComesWithoutTheDevice()
    {
        using DeviceBench bench = Probe.Bench(Lost("action=spurious,after=1ms,period=1ms,count=4"));
        Probe probe = Probe.On(bench);
        bench.Run(() => probe.Irq.Set(false));
        probe.Context.Msi.Send(new MsiMessage { Data = 5 });
        bench.Advance(10_000_000);
        Assert.Equal(4ul, bench.Faults[0].Fired);
        Assert.Equal(5, bench.Line("irq").RisingEdges + bench.Msi.Count);
        Assert.False(bench.Line("irq").Level);
    }

    [Fact]
    public void Nmi_FromNowhere_IsPendingOnceAndTakenOnce()
    {
        FaultBench bench = new();
        bench.Add(new LostInterruptsPlugin(), "vcpu0", "action=spurious,after=1us");
        ILocalApic apic = bench.Plan.Wire<ILocalApic>("vcpu0", "apic", bench.Strand, new QuietApic());
        FakeVcpu inner = new();
        Assert.Same(inner, bench.Plan.Wire<IVcpu>("vcpu0", "run", bench.Strand, inner));
        Assert.Equal(VcpuSignals.None, apic.Pending);
        bench.Advance(1_000);
        Assert.Equal((VcpuSignals.Nmi, 1), (apic.Pending, inner.Notified));
        apic.Take(VcpuSignals.Nmi, out _);
        Assert.Equal(VcpuSignals.None, apic.Pending);
    }

    private sealed class QuietApic : ILocalApic
    {
        public VcpuSignals Pending => VcpuSignals.None;
        public int AcknowledgeInterrupt() => -1;
        public void Take(VcpuSignals signal, out byte vector) => vector = 0;
        public byte Cr8 { get; set; }
        public ulong ApicBase => 0;

        public MsrStatus ReadMsr(uint msr, out ulong value)
        {
            value = 0;
            return MsrStatus.GeneralProtection;
        }

        public MsrStatus WriteMsr(uint msr, ulong value) => MsrStatus.GeneralProtection;

        public void OnInit()
        {
        }
    }
}
