using Hv.Sdk.Engines;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class LocalApicTests : IDisposable
{
    private const int Tpr = 0x080, Ppr = 0x0a0, Eoi = 0x0b0, Ldr = 0x0d0, Dfr = 0x0e0, Svr = 0x0f0, Isr = 0x100,
    Tmr = 0x180, Irr = 0x200,
        Esr = 0x280, Icr = 0x300, IcrHigh = 0x310, LvtLint0 = 0x350, LvtLint1 = 0x360, LvtError = 0x370;
    private readonly DeviceBench bench = DeviceBench.Create(new LocalApicPlugin(), ApicBench.Setup());

    public LocalApicTests()
    {
        for (int vcpu = 0; vcpu < 4; vcpu++) bench.Enable(vcpu);
    }

    public void Dispose() => bench.Dispose();

    private ILocalApic Apic(int vcpu) => bench.Apic(vcpu);

    private void Ipi(uint destination, uint command, int from = 0)
    {
        bench.Write(IcrHigh, destination << 24, from);
        bench.Write(Icr, command, from);
    }

    private string WhoHas(VcpuSignals signal) =>
        string.Concat(Enumerable.Range(0, 4).Where(i => (Apic(i).Pending & signal) != 0));

    [Fact]
    public void Registers_AfterPowerOn_HaveTheirResetValues()
    {
        using DeviceBench fresh = DeviceBench.Create(new LocalApicPlugin(), ApicBench.Setup());
        Assert.Equal(0x0200_0000u, fresh.Read(0x020, vcpu: 2));
        Assert.Equal(0x0105_0014u, fresh.Read(0x030));
        Assert.Equal(0xffu, fresh.Read(Svr));
        Assert.Equal(0xffff_ffffu, fresh.Read(Dfr));
        for (int lvt = 0x320; lvt <= 0x370; lvt += 16) Assert.Equal(0x1_0000u, fresh.Read(lvt));
        Assert.Equal(0xfee0_0900u, fresh.Apic(0).ApicBase);
        Assert.Equal(0xfee0_0800u, fresh.Apic(1).ApicBase);
    }

    [Fact]
    public void Msi_FixedToOne_IsAcknowledgedOnceAndServedUntilEoi()
    {
        bench.Msi(0xfee0_1000, 0x41);
        Assert.Equal("1", WhoHas(VcpuSignals.Interrupt));
        Assert.Equal(1 << 1, (int)bench.Read(Irr + 0x20, 1));
        Assert.Equal(0x41, Apic(1).AcknowledgeInterrupt());
        Assert.Equal(-1, Apic(1).AcknowledgeInterrupt());
        Assert.Equal(1 << 1, (int)bench.Read(Isr + 0x20, 1));
        Assert.Equal(0x40u, bench.Read(Ppr, 1));
        bench.Write(Eoi, 0, 1);
        Assert.Equal(0u, bench.Read(Isr + 0x20, 1));
        Assert.Equal(0u, bench.Read(Ppr, 1));
    }

    [Fact]
    public void Priorities_HigherClassNests_SameClassWaits()
    {
        bench.Msi(0xfee0_0000, 0x41);
        Assert.Equal(0x41, Apic(0).AcknowledgeInterrupt());
        bench.Msi(0xfee0_0000, 0x4f);
        Assert.Equal(VcpuSignals.None, Apic(0).Pending);
        bench.Msi(0xfee0_0000, 0x51);
        Assert.Equal(0x51, Apic(0).AcknowledgeInterrupt());
        bench.Write(Eoi, 0);
        bench.Write(Eoi, 0);
        Assert.Equal(0x4f, Apic(0).AcknowledgeInterrupt());
    }

    [Fact]
    public void TaskPriority_RaisedByCr8_HoldsInterruptsBack()
    {
        Apic(0).Cr8 = 5;
        Assert.Equal(0x50u, bench.Read(Tpr));
        bench.Msi(0xfee0_0000, 0x5f);
        Assert.Equal(VcpuSignals.None, Apic(0).Pending);
        int before = bench.Machine.Notified(0);
        bench.Write(Tpr, 0x40);
        Assert.Equal(VcpuSignals.Interrupt, Apic(0).Pending);
        Assert.True(bench.Machine.Notified(0) > before);
        Assert.Equal(4, Apic(0).Cr8);
    }

    [Fact]
    public void LevelTriggered_Eoi_IsBroadcastUnlessSuppressed()
    {
        FakeIoApic ioApic = (FakeIoApic)bench.Service<IEndOfInterruptListener>();
        bench.Msi(0xfee0_0000, 0xc041);
        Assert.Equal(0x41, Apic(0).AcknowledgeInterrupt());
        Assert.Equal(1 << 1, (int)bench.Read(Tmr + 0x20));
        bench.Write(Eoi, 0);
        Assert.Equal((1, 0x41), (ioApic.Count, ioApic.Last));
        bench.Msi(0xfee0_0000, 0x41);
        _ = Apic(0).AcknowledgeInterrupt();
        bench.Write(Eoi, 0);
        Assert.Equal(1, ioApic.Count);
        bench.Write(Svr, 0x11ff);
        bench.Msi(0xfee0_0000, 0xc041);
        _ = Apic(0).AcknowledgeInterrupt();
        bench.Write(Eoi, 0);
        Assert.Equal(1, ioApic.Count);
    }

    [Theory]
    [InlineData(0x0000_0041u, 2u, "2")]
    [InlineData(0x0000_0041u, 0xffu, "0123")]
    [InlineData(0x0004_0041u, 2u, "0")]
    [InlineData(0x0008_0041u, 2u, "0123")]
    [InlineData(0x000c_0041u, 2u, "123")]
    [InlineData(0x0000_0841u, 0x0au, "13")]
    [InlineData(0x0000_0941u, 0x0eu, "1")]
    public void InterruptCommand_Destinations_ReachWhoIsAddressed(uint command, uint destination, string expected)
    {
        Ipi(destination, command);
        Assert.Equal(expected, WhoHas(VcpuSignals.Interrupt));
    }

    [Fact]
    public void ClusterModel_Destination_SelectsClusterAndMembers()
    {
        for (int i = 0; i < 4; i++)
        {
            bench.Write(Dfr, 0x0fff_ffff, i);
            bench.Write(Ldr, (uint)((i / 2) << 4 | 1 << (i % 2)) << 24, i);
        }
        Ipi(0x13, 0x841);
        Assert.Equal("23", WhoHas(VcpuSignals.Interrupt));
    }

    [Fact]
    public void LowestPriority_Message_GoesToTheLeastBusy()
    {
        bench.Write(Tpr, 0x30, 0);
        bench.Write(Tpr, 0x20, 1);
        bench.Write(Tpr, 0x10, 2);
        bench.Write(Tpr, 0x20, 3);
        bench.Msi(0xfee0_f00c, 0x41);
        Assert.Equal("2", WhoHas(VcpuSignals.Interrupt));
    }

    [Fact]
    public void LowestPriority_VectorInService_GoesToTheFocus()
    {
        bench.Write(Svr, 0x1ff, 3);
        bench.Msi(0xfee0_3000, 0x41);
        Assert.Equal(0x41, Apic(3).AcknowledgeInterrupt());
        bench.Msi(0xfee0_f00c, 0x141);
        Assert.Equal(1 << 1, (int)bench.Read(Irr + 0x20, 3));
    }

    [Fact]
    public void InitAndStartUp_ToAnother_AreSignalledWithTheirVector()
    {
        Ipi(1, 0xc500);
        Ipi(1, 0x8500);
        Ipi(1, 0x069a);
        Assert.Equal(VcpuSignals.Init | VcpuSignals.Sipi, Apic(1).Pending);
        Apic(1).Take(VcpuSignals.Init, out _);
        Apic(1).OnInit();
        Assert.Equal(0xffu, bench.Read(Svr, 1));
        Apic(1).Take(VcpuSignals.Sipi, out byte vector);
        Assert.Equal(0x9a, vector);
        Assert.Equal(VcpuSignals.None, Apic(1).Pending);
    }

    [Fact]
    public void NmiAndSmi_ByCommand_AreSignalled()
    {
        Ipi(1, 0x400);
        Ipi(2, 0x200);
        Assert.Equal("1", WhoHas(VcpuSignals.Nmi));
        Assert.Equal("2", WhoHas(VcpuSignals.Smi));
        Apic(1).Take(VcpuSignals.Nmi, out _);
        Assert.Equal(VcpuSignals.None, Apic(1).Pending);
    }

    [Fact]
    public void SoftwareDisabled_Fixed_IsIgnoredButNmiIsNot()
    {
        bench.Write(Svr, 0xff, 1);
        Ipi(1, 0x41);
        Ipi(1, 0x400);
        Assert.Equal(VcpuSignals.Nmi, Apic(1).Pending);
        bench.Write(0x320, 0x41, 1);
        Assert.Equal(0x1_0041u, bench.Read(0x320, 1));
    }

    [Fact]
    public void IllegalVector_SentAndReceived_ShowsInErrorStatusAndInterrupts()
    {
        bench.Write(LvtError, 0xfe);
        Ipi(0, 0x0f);
        Assert.Equal(0u, bench.Read(Esr));
        Assert.Equal(0xfe, Apic(0).AcknowledgeInterrupt());
        bench.Write(Esr, 0);
        Assert.Equal(0x20u, bench.Read(Esr));
        bench.Msi(0xfee0_0000, 0x0f);
        bench.Write(Esr, 0);
        Assert.Equal(0x40u, bench.Read(Esr));
    }

    [Fact]
    public void ExtInt_ThroughLint0_RunsTheAcknowledgeCycle()
    {
        bench.Drive("lint0", 0, true);
        Assert.Equal("", WhoHas(VcpuSignals.Interrupt));
        bench.Write(LvtLint0, 0x700);
        Assert.Equal("0", WhoHas(VcpuSignals.Interrupt));
        Assert.Equal(0x30, Apic(0).AcknowledgeInterrupt());
        bench.Drive("lint0", 0, false);
        Assert.Equal(-1, Apic(0).AcknowledgeInterrupt());
    }

    [Fact]
    public void VirtualWire_AfterPowerOn_PassesThe8259ToTheBootProcessor()
    {
        using DeviceBench wired = DeviceBench.Create(new LocalApicPlugin(), ApicBench.Setup(virtualWire: true));
        wired.Drive("lint0", 0, true);
        Assert.Equal(VcpuSignals.Interrupt, wired.Apic(0).Pending);
        Assert.Equal(VcpuSignals.None, wired.Apic(1).Pending);
    }

    [Fact]
    public void Lint1_AsNmi_SignalsOncePerEdge()
    {
        bench.Write(LvtLint1, 0x400);
        bench.Drive("lint1", 0, true);
        Assert.Equal("0", WhoHas(VcpuSignals.Nmi));
        Apic(0).Take(VcpuSignals.Nmi, out _);
        bench.Drive("lint1", 0, false);
        Assert.Equal("", WhoHas(VcpuSignals.Nmi));
    }

    [Fact]
    public void Lint0_LevelFixed_ComesAgainAfterEoiWhileAsserted()
    {
        bench.Write(LvtLint0, 0x8041);
        bench.Drive("lint0", 0, true);
        Assert.Equal(0xc041u, bench.Read(LvtLint0));
        Assert.Equal(0x41, Apic(0).AcknowledgeInterrupt());
        bench.Write(Eoi, 0);
        Assert.Equal(0x41, Apic(0).AcknowledgeInterrupt());
        bench.Drive("lint0", 0, false);
        bench.Write(Eoi, 0);
        Assert.Equal(-1, Apic(0).AcknowledgeInterrupt());
        Assert.Equal(0x8041u, bench.Read(LvtLint0));
    }

    [Fact]
    public void HardwareDisabled_Registers_DoNotAnswer()
    {
        Assert.Equal(MsrStatus.Ok, Apic(0).WriteMsr(0x1b, 0xfee0_0000));
        Assert.Equal(0xffff_ffffu, bench.Read(Svr));
        Assert.Equal(0xfee0_0100u, Apic(0).ApicBase);
        Assert.Equal(MsrStatus.GeneralProtection, Apic(0).WriteMsr(0x1b, 0xfee0_0c00));
    }

    [Fact]
    public void Messages_FromManyThreads_AreNeverLost()
    {
        Thread[] senders = [.. Enumerable.Range(0, 4).Select(n => new Thread(() =>
        {
            for (int i = 0; i < 48; i++) bench.Msi(0xfee0_0000, (uint)(0x20 + n * 48 + i));
        }))];
        foreach (Thread sender in senders) sender.Start();
        foreach (Thread sender in senders) sender.Join();
        HashSet<int> taken = [];
        for (int vector; (vector = Apic(0).AcknowledgeInterrupt()) >= 0;)
        {
            Assert.True(taken.Add(vector));
            bench.Write(Eoi, 0);
        }
        Assert.Equal(Enumerable.Range(0x20, 192), taken.Order());
    }
}
