using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

public sealed class LifecycleTests
{
    private static void Control(LambdaDevice d, IDeviceContext c)
    {
        c.MapPorts("control", 0x600, 4, d, 0);
        d.OnWrite = (in IoAccess access, ulong value) =>
        {
            switch (access.Offset)
            {
                case 0: c.Machine.RequestPowerOff("the guest asked"); break;
                case 1: c.Machine.RequestReset(ResetKind.Warm, "the guest asked"); break;
                case 2: c.Machine.RequestExit((byte)value, "the exit port"); break;
                default: c.Machine.ReportCrash("the guest panicked"); break;
            }
            return IoStatus.Ok;
        };
    }

    public static TheoryData<TimeMode> Modes => [TimeMode.Real, TimeMode.Deterministic];

    [Theory, MemberData(nameof(Modes))]
    public void Run_GuestPowersOff_EndsWithZero(TimeMode mode)
    {
        TestMachine m = new TestMachine([new Step.Out(0x600, 1, 0), new Step.Jump(1)]).Add("control", Control);
        m.Description = m.Description with { Time = mode };
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.PowerOff, 0), (outcome.Reason, outcome.ExitCode));
    }

    [Theory, MemberData(nameof(Modes))]
    public void Run_GuestResets_RunsFirmwareAgainAndStartsFromTheBeginning(TimeMode mode)
    {
        int writes = 0;
        int resets = 0;
        TestMachine m = new TestMachine([new Step.Out(0x601, 1, 0), new Step.Jump(1)]).Add("control", (d, c) =>
        {
            c.MapPorts("control", 0x600, 4, d, 0);
            d.OnReset = _ => resets++;
            d.OnWrite = (in IoAccess _, ulong _) =>
            {
                if (++writes == 3) c.Machine.RequestPowerOff("enough");
                else c.Machine.RequestReset(ResetKind.Warm, "again");
                return IoStatus.Ok;
            };
        });
        m.Description = m.Description with { Time = mode };
        Assert.Equal(EndReason.PowerOff, m.Run().Reason);
        Assert.Equal((3, 3, 3), (writes, resets, m.Installs));
    }

    [Fact]
    public void Run_GuestResetsUnderNoReboot_EndsWithZero()
    {
        TestMachine m = new TestMachine([new Step.Out(0x601, 1, 0), new Step.Jump(1)]).Add("control", Control);
        m.Description = m.Description with { NoReboot = true };
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.Reset, 0), (outcome.Reason, outcome.ExitCode));
    }

    [Fact]
    public void Run_GuestWritesTheExitPort_EndsWithThatCode()
    {
        TestMachine m = new TestMachine([new Step.Out(0x602, 1, 77), new Step.Jump(1)]).Add("control", Control);
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.ExitPort, 77), (outcome.Reason, outcome.ExitCode));
    }

    [Theory, MemberData(nameof(Modes))]
    public void Run_TripleFault_EndsWithThree(TimeMode mode)
    {
        TestMachine m = new([new Step.TripleFault()]);
        m.Description = m.Description with { Time = mode, NoReboot = true };
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.Crash, 3), (outcome.Reason, outcome.ExitCode));
    }

    [Fact]
    public void Run_EngineThrows_EndsWithFourAndNamesIt()
    {
        MachineOutcome outcome = new TestMachine([new Step.Throw()]).Run();
        Assert.Equal(4, outcome.ExitCode);
        Assert.Contains("scripted", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DeviceThrows_IsNamedAndEndsWithFour()
    {
        TestMachine m = new TestMachine([new Step.In(0x10, 1, 0), new Step.Jump(0)]).Add("toaster", (d, c) =>
        {
            c.MapPorts("io", 0x10, 1, d, 0);
            d.OnRead = (in IoAccess _, out ulong _) => throw new InvalidOperationException("burnt");
        });
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.HostFailure, 4), (outcome.Reason, outcome.ExitCode));
        Assert.Contains("toaster", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("burnt", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DeviceThrowsUnderContinue_ReadsOnesFromThenOn()
    {
        int calls = 0;
        Step[] script = [new Step.In(0x10, 2, 0), new Step.In(0x10, 2, 1), new Step.Out(0x600, 1, 0), new Step.Jump(3)];
        TestMachine m = new TestMachine(script)
            .Add("control", Control)
            .Add("toaster", (d, c) =>
            {
                c.MapPorts("io", 0x10, 2, d, 0);
                d.OnRead = (in IoAccess _, out ulong _) =>
                {
                    calls++;
                    throw new InvalidOperationException("burnt");
                };
            });
        m.Description = m.Description with { OnDeviceFailure = FailurePolicy.Continue };
        Assert.Equal(EndReason.PowerOff, m.Run().Reason);
        Assert.Equal(1, calls);
        Assert.Equal((0xffffUL, 0xffffUL), (m.Vcpu(0).Register(0), m.Vcpu(0).Register(1)));
    }

    [Fact]
    public void Run_CallbackNeverReturns_WatchdogNamesItAndEndsWithFour()
    {
        using ManualResetEventSlim never = new();
        TestMachine m = new TestMachine([new Step.Out(0x10, 1, 0)]).Add("sloth", (d, c) =>
        {
            c.MapPorts("io", 0x10, 1, d, 0);
            d.OnWrite = (in IoAccess _, ulong _) =>
            {
                never.Wait();
                return IoStatus.Ok;
            };
        });
        m.Description = m.Description with { WatchdogPatience = TimeSpan.FromSeconds(2) };
        MachineOutcome outcome = m.Run();
        never.Set();
        Assert.Equal((EndReason.HostFailure, 4), (outcome.Reason, outcome.ExitCode));
        Assert.Contains("sloth", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quit_EngineHearsNoKick_EndsWithFourWithinThePatience()
    {
        using ManualResetEventSlim never = new();
        TestMachine m = new([new Step.Hang(never)]);
        m.Description = m.Description with { WatchdogPatience = TimeSpan.FromSeconds(1) };
        using Machine machine = m.Begin();
        machine.Quit(EndReason.Quit, "enough");
        MachineOutcome outcome = TestMachine.Wait(machine);
        never.Set();
        Assert.Equal(4, outcome.ExitCode);
        Assert.Contains("vCPU", outcome.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Modes))]
    public void Timeout_GuestSpins_EndsWith124(TimeMode mode)
    {
        TestMachine m = new([new Step.Jump(0)]);
        m.Description = m.Description with { Time = mode, Timeout = TimeSpan.FromMilliseconds(50) };
        Assert.Equal(124, m.Run().ExitCode);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Pause_GuestSpins_StandsStillUntilResumed(TimeMode mode)
    {
        TestMachine m = new([new Step.Count(0x1000), new Step.Jump(0)]);
        m.Description = m.Description with { Time = mode };
        using Machine machine = m.Begin();
        await machine.PauseAsync();
        Assert.Equal(MachineState.Paused, machine.State);
        ulong retired = m.Vcpu(0).Retired;
        long time = machine.Clock.Now.Nanoseconds;
        Thread.Sleep(20);
        Assert.Equal((retired, time), (m.Vcpu(0).Retired, machine.Clock.Now.Nanoseconds));
        await machine.ResumeAsync();
        ScriptedPartition partition = m.ScriptedEngine.Partition!;
        Assert.True(SpinWait.SpinUntil(
            () => Volatile.Read(ref partition.Word(0x1000)) > retired, TestMachine.Patience));
    }

    [Fact]
    public async Task PauseAndResume_ManyTimesWithFourVcpus_NeverLosesAThread()
    {
        Step[] boot =
        [
            new Step.Out(0xf0, 1, 1), new Step.Out(0xf0, 1, 2), new Step.Out(0xf0, 1, 3),
            new Step.Count(0x1000), new Step.Jump(3),
        ];
        TestMachine m = new(boot, [new Step.Count(0x2000), new Step.Jump(0)],
            [new Step.Count(0x3000), new Step.Jump(0)], [new Step.Halt(), new Step.Jump(0)]);
        m.Description = m.Description with { VcpuCount = 4 };
        using Machine machine = m.Begin();
        for (int i = 0; i < 200; i++)
        {
            await machine.PauseAsync();
            await machine.ResumeAsync();
        }
        await machine.ResetAsync();
        Assert.Equal(2, m.Installs);
        machine.Quit(EndReason.Quit, "enough");
        Assert.Equal(0, TestMachine.Wait(machine).ExitCode);
    }

    [Fact]
    public void Build_WireToNowhere_IsRefusedByName()
    {
        TestMachine m = new TestMachine([new Step.Halt()]).Wire("apic", "x", "ghost", "in", 0);
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => m.Make());
        Assert.Contains("ghost", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_EngineUnavailable_SaysWhy()
    {
        TestMachine m = new([new Step.Halt()]);
        m.ScriptedEngine.Why = "no such processor";
        UnavailableException e = Assert.Throws<UnavailableException>(() => m.Make());
        Assert.Contains("no such processor", e.Message, StringComparison.Ordinal);
    }
}
