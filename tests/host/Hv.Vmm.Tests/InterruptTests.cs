using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Description;
using Hv.Vmm.Strands;

namespace Hv.Vmm.Tests;

public sealed class InterruptTests
{
    private sealed class NoScheduler : IStrandScheduler
    {
        public void Schedule(Strand strand)
        {
        }
    }

    [Fact]
    public void Set_TwoOutputsOnOnePin_AreOredAndEachChangeArrivesBeforeSetReturns()
    {
        List<bool> seen = [];
        IrqLine a = default;
        IrqLine b = default;
        IrqInputs pins = default;
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("a", (_, c) => a = c.IrqOut("irq"))
            .Add("b", (_, c) => b = c.IrqOut("irq"))
            .Add("pic", (d, c) =>
            {
                pins = c.IrqIn("pin", 16, d);
                d.OnPin = (pin, level) =>
                {
                    Assert.Equal(3, pin);
                    seen.Add(level);
                };
            })
            .Wire("a", "irq", "pic", "pin", 3).Wire("b", "irq", "pic", "pin", 3);
        using Machine machine = m.Make();
        a.Set(true);
        Assert.Equal([true], seen);
        b.Set(true);
        a.Set(false);
        Assert.True(pins[3]);
        Assert.Equal([true], seen);
        b.Set(false);
        Assert.Equal([true, false], seen);
        Assert.False(pins[3]);
        a.Pulse();
        a.Pulse();
        Assert.Equal([true, false, true, false, true, false], seen);
    }

    [Fact]
    public void Set_UnwiredOutput_IsNotConnectedAndHarmless()
    {
        IrqLine line = default;
        using Machine machine = new TestMachine([new Step.Halt()]).Add("a", (_, c) => line = c.IrqOut("irq")).Make();
        Assert.False(line.IsConnected);
        line.Set(true);
    }

    [Theory]
    [InlineData(TimeMode.Real)]
    [InlineData(TimeMode.Deterministic)]
    public void Timer_WakesAHaltedVcpuThroughALine(TimeMode mode)
    {
        Step[] script = [new Step.Out(0x70, 1, 1), new Step.Halt(), new Step.Out(0x71, 1, 1), new Step.Halt()];
        TestMachine m = new TestMachine(script)
            .Add("timer", (d, c) =>
            {
                c.MapPorts("io", 0x70, 2, d, 0);
                IrqLine irq = c.IrqOut("irq");
                var timer = c.CreateTimer("t", _ => irq.Pulse());
                d.OnWrite = (in IoAccess access, ulong _) =>
                {
                    if (access.Offset == 0) timer.Arm(c.Clock.Now.AddNs(2_000_000));
                    else c.Machine.RequestPowerOff("woken");
                    return IoStatus.Ok;
                };
            }).Wire("timer", "irq", "apic", "lint0", 0);
        m.Description = m.Description with { Time = mode };
        MachineOutcome outcome = m.Run();
        Assert.Equal("woken", outcome.Message);
        Assert.Equal((1UL, 0x30UL), (m.Vcpu(0).Register(15), m.Vcpu(0).Register(14)));
    }

    [Fact]
    public void Msi_FromAnotherThread_WakesTheRightVcpu()
    {
        TestMachine m = new TestMachine([new Step.Out(0xf0, 1, 1), new Step.Halt()],
            [new Step.Halt(), new Step.Out(0x71, 1, 1), new Step.Halt()])
            .Add("sender", (d, c) =>
            {
                c.MapPorts("io", 0x71, 1, d, 0);
                // Again and again: the first may come before the script has come to its Halt.
                IVmTimer timer = null!;
                timer = c.CreateTimer("t", _ =>
                {
                    c.Msi.Send(new MsiMessage { Address = 0xfee0_1000, Data = 0x41 });
                    timer.Arm(c.Clock.Now.AddNs(20_000_000));
                });
                d.OnReset = _ => timer.Arm(c.Clock.Now.AddNs(20_000_000));
                d.OnWrite = (in IoAccess access, ulong _) =>
                {
                    c.Machine.RequestPowerOff($"vCPU {access.Initiator}");
                    return IoStatus.Ok;
                };
            });
        m.Description = m.Description with { VcpuCount = 2 };
        Assert.Equal("vCPU 1", m.Run().Message);
        Assert.Equal((0x41UL, 0UL), (m.Vcpu(1).Register(14), m.Vcpu(0).Register(15)));
    }

    private static Strand NewStrand(int i) => new($"d{i}", "test", new NoScheduler(), isSerialized: true);

    [Fact]
    public void Plan_ChainOfWires_RanksRise()
    {
        Strand[] s = [.. Enumerable.Range(0, 4).Select(i => NewStrand(i))];
        StrandPlan.Apply(s, [(s[2], s[0]), (s[0], s[3]), (s[1], s[3])]);
        Assert.True(s[2].Gate!.Rank < s[0].Gate!.Rank && s[0].Gate!.Rank < s[3].Gate!.Rank
            && s[1].Gate!.Rank < s[3].Gate!.Rank);
    }

    [Fact]
    public void Plan_CircleOfWires_SharesOneGate()
    {
        Strand[] s = [.. Enumerable.Range(0, 4).Select(i => NewStrand(i))];
        StrandPlan.Apply(s, [(s[0], s[1]), (s[1], s[2]), (s[2], s[0]), (s[3], s[0])]);
        Assert.Same(s[0].Gate, s[1].Gate);
        Assert.Same(s[0].Gate, s[2].Gate);
        Assert.NotSame(s[0].Gate, s[3].Gate);
        Assert.True(s[3].Gate!.Rank < s[0].Gate!.Rank);
    }

    [Fact]
    public void Enter_AgainstTheOrder_IsReportedOnce()
    {
        Strand[] s = [.. Enumerable.Range(0, 2).Select(i => NewStrand(i))];
        StrandPlan.Apply(s, [(s[0], s[1])]);
        List<string> broken = [];
        foreach (Strand strand in s) strand.Gate!.OrderBroken = g => broken.Add(g.Name);
        using (s[0].Enter())
        using (s[1].Enter())
        using (s[0].Enter())
        {
        }
        Assert.Empty(broken);
        for (int i = 0; i < 2; i++)
        {
            using (s[1].Enter())
            using (s[0].Enter())
            {
            }
        }
        Assert.Equal(["d0"], broken);
    }
}
