using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Description;
using Hv.Vmm.Reload;
using Hv.Vmm.Snapshots;

namespace Hv.Vmm.Tests;

public sealed class ReloadTests
{
    private const string Plugin = "acme.worker";

    /// <summary>Counts accesses in register 0 and timer periods in register 1, and raises its line every other
    /// period.</summary>
    private static void Worker(LambdaDevice d, IDeviceContext c)
    {
        IRegion region = c.AddRegion(AddressSpace.Ports, "io", 4, d, 0);
        IrqLine irq = c.IrqOut("irq");
        IVmTimer timer = null!;
        timer = c.CreateTimer("period", due =>
        {
            d.Registers[1]++;
            irq.Set((d.Registers[1] & 1) != 0);
            timer.Arm(due.AddNs(10_000));
        });
        d.OnWrite = (in IoAccess _, ulong _) =>
        {
            d.Registers[0]++;
            if (timer.Due == VmTime.Never) timer.Arm(c.Clock.Now.AddNs(10_000));
            return IoStatus.Ok;
        };
        d.OnRead = (in IoAccess _, out ulong value) =>
        {
            value = d.Registers[0];
            return IoStatus.Ok;
        };
        d.OnReset = _ =>
        {
            Array.Clear(d.Registers);
            irq.Set(false);
            region.Map(0x50);
        };
    }

    private static TestMachine Busy(
        TimeMode mode = TimeMode.Real, Action<LambdaDevice, IDeviceContext>? device = null, int vcpus = 1)
    {
        Step[] script =
        [
            new Step.Out(0xf0, 1, 1),
            new Step.Out(0x50, 4, 1), new Step.In(0x50, 4, 1), new Step.Count(0x1000), new Step.Clock(0),
            new Step.Jump(1),
        ];
        Step[] second = [new Step.Count(0x2000), new Step.Clock(0), new Step.Halt(), new Step.Jump(0)];
        TestMachine m = new TestMachine(script, second).Add("worker", device ?? Worker, Plugin).Wire(
            "worker", "irq", "apic", "lint0", 0);
        m.Description = m.Description with
        {
            Time = mode,
            VcpuCount = vcpus,
            Seed = 7,
            IsReloadable = true,
            StateHashInterval = mode == TimeMode.Deterministic ? 100_000u : 0,
        };
        return m;
    }

    private static void RunOn(TestMachine m)
    {
        ulong from = m.Vcpu(0).Retired;
        Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Retired > from + 20_000, TestMachine.Patience));
    }

    [Theory]
    [InlineData(TimeMode.Real)]
    [InlineData(TimeMode.Deterministic)]
    public async Task Reload_BusyDevice_GoesOnWhereItWas(TimeMode mode)
    {
        LambdaDevice first = null!;
        TestMachine m = Busy(mode, (d, c) =>
        {
            first = d;
            Worker(d, c);
        });
        using Machine machine = m.Begin();
        LambdaDevice before = first;
        for (int round = 0; round < 5; round++)
        {
            RunOn(m);
            TestReplacement next = new TestReplacement(Plugin).Device("worker", Worker);
            ReloadReport report = await machine.ReloadAsync(next);

            Assert.Equal(("worker", "worker"), (Assert.Single(report.Devices).Path, report.Devices[0].Model));
            Assert.Equal("2.0", report.NewVersion);
            Assert.True(before.IsDisposed);
            Assert.Equal(2, next.Made.Count);
            Assert.True(next.Made[0].IsDisposed, "the rehearsal is thrown away");
            RunOn(m);
            await machine.PauseAsync();
            LambdaDevice after = next.Made[1];
            Assert.True(after.Registers[0] > before.Registers[0], "accesses are counted on");
            Assert.True(SpinWait.SpinUntil(() => after.Registers[1] > before.Registers[1], TestMachine.Patience),
                "the timer goes on");
            await machine.ResumeAsync();
            before = after;
        }
        Assert.True(m.Vcpu(0).Register(15) > 0, "interrupts arrive");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Reload_SameCodeInDeterministicMode_IsTheSameRun(int vcpus)
    {
        Dictionary<ulong, ulong> reference = [];
        TestMachine undisturbed = Busy(TimeMode.Deterministic, vcpus: vcpus);
        using (Machine machine = undisturbed.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => undisturbed.Vcpu(0).Retired > 3_000_000, TestMachine.Patience));
            await machine.PauseAsync();
            foreach (StateHash hash in machine.StateHashes) reference.Add(hash.Instructions, hash.Hash);
        }

        TestMachine m = Busy(TimeMode.Deterministic, vcpus: vcpus);
        using Machine reloaded = m.Begin();
        int rounds = 0;
        while (m.Vcpu(0).Retired < 1_000_000)
        {
            await reloaded.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker));
            rounds++;
        }
        await reloaded.PauseAsync();
        Assert.True(rounds > 0);
        int compared = 0;
        foreach (StateHash hash in reloaded.StateHashes)
        {
            if (!reference.TryGetValue(hash.Instructions, out ulong expected)) continue;
            Assert.Equal(expected, hash.Hash);
            compared++;
        }
        Assert.True(compared >= 5, $"only {compared} hashes could be compared");
    }

    [Fact]
    public async Task Reload_PausedMachine_StaysPaused()
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        RunOn(m);
        await machine.PauseAsync();
        ulong retired = m.Vcpu(0).Retired;
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker));
        Assert.Equal((MachineState.Paused, retired), (machine.State, m.Vcpu(0).Retired));
        await machine.ResumeAsync();
        RunOn(m);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "create", "no such luck" },
        { "options", "has no option" },
        { "attach", "no such luck" },
        { "reset", "no such luck" },
        { "load", "no such luck" },
        { "gone", "no device 'worker'" },
        { "stateless", "does not take any" },
        { "other-state", "reads test.other" },
        { "older-state", "of version 1, and version 2.0 of plugin acme.worker reads 2 to 3" },
        { "no-timer", "the timer 'period' is armed" },
        { "threading", "threading" },
        { "service", "it offers IPowerButton" },
        { "foreign-service", "no contract of the SDK" },
        { "timer-twice", "makes its timer 'period' twice" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Reload_NewCodeCannotTakeOver_OldCodeRunsOnUntouched(string how, string message)
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        RunOn(m);
        List<LambdaDevice> made = [];
        TestReplacement next = new(Plugin);
        switch (how)
        {
            case "create": next.Device("worker", () => throw new InvalidOperationException("no such luck")); break;
            case "options": next.Device(
                "worker", () => throw new ConfigurationException("worker has no option 'size'")); break;
            case "attach": next.Device("worker", (_, _) => throw new InvalidOperationException("no such luck")); break;
            case "reset":
                next.Device("worker", (d, c) =>
                {
                    Worker(d, c);
                    d.OnReset = _ => throw new InvalidOperationException("no such luck");
                });
                break;
            case "load": next.Device("worker", Worker, d => d.OnLoad = _ => throw new StateException("no such luck"));
                break;
            case "gone": break;
            case "stateless": next.Device("worker", () => new Stateless()); break;
            case "other-state": next.Device("worker", Worker, d => d.StateId = "test.other"); break;
            case "older-state": next.Device("worker", Worker, d => (d.StateVersion, d.OldestStateVersion) = (3, 2));
                break;
            case "no-timer":
                next.Device("worker", (d, c) => c.MapPorts("io", 0x50, 4, d, 0));
                break;
            case "threading": next.Device("worker", () => new LambdaDevice(Worker), Threading.Concurrent); break;
            case "service":
                next.Device("worker", (d, c) =>
                {
                    Worker(d, c);
                    c.Provide<IPowerButton>(new Button());
                });
                break;
            case "foreign-service":
                next.Device("worker", (d, c) => c.Provide(new Button()));
                break;
            case "timer-twice":
                next.Device("worker", (d, c) =>
                {
                    Worker(d, c);
                    c.CreateTimer("period", _ => { });
                });
                break;
        }

        ReloadRefusedException e = await Assert.ThrowsAsync<ReloadRefusedException>(() => machine.ReloadAsync(next));

        Assert.Contains(message, e.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(e.Remedy);
        Assert.All(next.Made, d => Assert.True(d.IsDisposed));
        RunOn(m);
        ulong answers = m.Vcpu(0).Register(1);
        ulong interrupts = m.Vcpu(0).Register(15);
        Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Register(15) > interrupts && m.Vcpu(0).Register(1) > answers,
            TestMachine.Patience), "the old device answers and interrupts as before");
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker));
        RunOn(m);
    }

    [Fact]
    public async Task Reload_StateIsOlder_IsMigratedByTheNewCode()
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        RunOn(m);
        ushort read = 0;
        TestReplacement next = new TestReplacement(Plugin).Device("worker", Worker, d =>
        {
            d.StateVersion = 2;
            d.OnLoad = reader =>
            {
                read = reader.Version;
                d.Registers[7] = 42; // what version 1 did not have
            };
        });
        ReloadReport report = await machine.ReloadAsync(next);
        Assert.Equal((1, 1, 2), (read, report.Devices[0].OldStateVersion, report.Devices[0].NewStateVersion));
        Assert.Equal(42u, next.Made[1].Registers[7]);

        // The way back is refused: the old code does not know what version 2 means.
        ReloadRefusedException e = await Assert.ThrowsAsync<ReloadRefusedException>(
            () => machine.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker)));
        Assert.Contains("of version 2", e.Problem, StringComparison.Ordinal);
        RunOn(m);
    }

    [Fact]
    public async Task Reload_MachineNotStartedForIt_IsRefused()
    {
        TestMachine m = Busy();
        m.Description = m.Description with { IsReloadable = false };
        using Machine machine = m.Begin();
        ReloadRefusedException e = await Assert.ThrowsAsync<ReloadRefusedException>(
            () => machine.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker)));
        Assert.Contains("--reloadable", e.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_ServiceIsHeldByTheCore_IsRefusedNamingIt()
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        TestReplacement next = new TestReplacement("test").Device("apic", () => new TestApics(), Threading.Concurrent);
        ReloadRefusedException e = await Assert.ThrowsAsync<ReloadRefusedException>(() => machine.ReloadAsync(next));
        Assert.Contains("ILocalApics", e.Problem, StringComparison.Ordinal);
        RunOn(m);
    }

    [Fact]
    public async Task Reload_MachineHasEnded_IsRefused()
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        machine.Quit(EndReason.Quit, "enough");
        TestMachine.Wait(machine);
        await Assert.ThrowsAsync<ReloadRefusedException>(
            () => machine.ReloadAsync(new TestReplacement(Plugin).Device("worker", Worker)));
    }

    [Fact]
    public async Task Reload_NewDeviceActsBeforeItsTime_NobodySeesIt()
    {
        TestMachine m = Busy();
        using Machine machine = m.Begin();
        RunOn(m);
        int messages = m.Apics!.MessageCount;
        int posts = 0;

        void Noisy(LambdaDevice d, IDeviceContext c)
        {
            Worker(d, c);
            Action<ResetKind> reset = d.OnReset;
            void Act()
            {
                c.Msi.Send(new MsiMessage { Address = 0xfee0_0000, Data = 0x41 });
                c.Strand.Post(() => Interlocked.Increment(ref posts));
            }
            d.OnReset = kind =>
            {
                reset(kind);
                Act();
            };
            d.OnLoad = _ => Act();
        }

        bool mustFail = true;
        TestReplacement next = new TestReplacement(Plugin).Device("worker", Noisy, d =>
        {
            if (mustFail) d.StateId = "test.other";
        });
        await Assert.ThrowsAsync<ReloadRefusedException>(() => machine.ReloadAsync(next));
        RunOn(m);
        Assert.Equal((messages, 0), (m.Apics.MessageCount, posts));

        // What it does while it loads happens once, when it is the device; rehearsal and reset are nobody's business.
        mustFail = false;
        await machine.ReloadAsync(next);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref posts) == 1, TestMachine.Patience));
        RunOn(m);
        Assert.Equal((messages + 1, 1), (m.Apics.MessageCount, posts));
    }

    [Fact]
    public async Task Reload_OldInstanceActsAfterIt_NobodyHearsIt()
    {
        IDeviceContext old = null!;
        IrqLine line = default;
        IVmTimer? timer = null;
        IRegion? region = null;
        bool isOldCalled = false;
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("lamp", (d, c) =>
            {
                old = c;
                line = c.IrqOut("irq");
                timer = c.CreateTimer("late", _ => isOldCalled = true);
                region = c.MapPorts("io", 0x60, 1, d, 0);
            }, Plugin)
            .Wire("lamp", "irq", "apic", "lint0", 0);
        m.Description = m.Description with { IsReloadable = true };
        using Machine machine = m.Begin();
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("lamp", (d, c) =>
        {
            c.IrqOut("irq");
            c.CreateTimer("late", _ => { });
            c.MapPorts("io", 0x60, 1, d, 0);
        }));

        line.Set(true);
        old.Msi.Send(new MsiMessage { Address = 0xfee0_0000, Data = 0x41 });
        old.Strand.Post(() => isOldCalled = true);
        timer!.Arm(old.Clock.Now.AddNs(1));
        region!.Map(0x70);

        await machine.PauseAsync();
        await machine.ResumeAsync();
        await machine.PauseAsync();
        Assert.False(isOldCalled);
        Assert.False(region.IsMapped);
        Assert.Equal((0, 0u), (m.Apics!.MessageCount, (uint)m.Vcpu(0).Register(15)));
    }

    [Fact]
    public async Task Reload_LinesDiffer_ReceiversAreToldOnce()
    {
        List<bool> seen = [];
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("source", (d, c) =>
            {
                IrqLine irq = c.IrqOut("irq");
                d.OnReset = _ => irq.Set(true);
            }, Plugin)
            .Add("sink", (d, c) =>
            {
                c.IrqIn("in", 1, d);
                d.OnPin = (_, level) => seen.Add(level);
            })
            .Wire("source", "irq", "sink", "in", 0);
        m.Description = m.Description with { IsReloadable = true };
        using Machine machine = m.Begin();
        Assert.Equal([true], seen);

        static Action<LambdaDevice, IDeviceContext> Source(bool level) => (d, c) =>
        {
            IrqLine irq = c.IrqOut("irq");
            d.OnReset = _ => irq.Set(false);
            d.OnLoad = _ => irq.Set(level);
        };
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("source", Source(true)));
        Assert.Equal([true], seen);
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("source", Source(false)));
        Assert.Equal([true, false], seen);

        // A line that new code does not have any more falls.
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("source", Source(true)));
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("source", (_, _) => { }));
        Assert.Equal([true, false, true, false], seen);
    }

    [Fact]
    public async Task Reload_ReceiverOfALine_NewInstanceIsToldAndSeesTheLevel()
    {
        IrqLine irq = default;
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("source", (_, c) => irq = c.IrqOut("irq"))
            .Add("sink", (d, c) => c.IrqIn("in", 2, d), Plugin)
            .Wire("source", "irq", "sink", "in", 1);
        m.Description = m.Description with { IsReloadable = true };
        using Machine machine = m.Begin();
        irq.Set(true);

        bool levelAtLoad = false;
        List<(int, bool)> seen = [];
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("sink", (d, c) =>
        {
            IrqInputs pins = c.IrqIn("in", 2, d);
            d.OnLoad = _ => levelAtLoad = pins[1];
            d.OnPin = (pin, level) => seen.Add((pin, level));
        }));
        Assert.True(levelAtLoad);
        irq.Set(false);
        Assert.Equal([(1, false)], seen);

        ReloadRefusedException e = await Assert.ThrowsAsync<ReloadRefusedException>(
            () => machine.ReloadAsync(new TestReplacement(Plugin).Device("sink", (d, c) => c.IrqIn("in", 1, d))));
        Assert.Contains("it had 2 when the machine was built", e.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_PostponedReadWaits_NewInstanceIsAsked()
    {
        using ManualResetEventSlim asked = new();
        TestMachine m = new TestMachine([new Step.In(0x30, 4, 0), new Step.Halt()]).Add("slow", (d, c) =>
        {
            c.MapPorts("io", 0x30, 4, d, 0);
            d.OnRead = (in IoAccess access, out ulong value) =>
            {
                value = 0;
                c.Defer(access);
                asked.Set();
                return IoStatus.Deferred;
            };
        }, Plugin);
        m.Description = m.Description with { IsReloadable = true };
        using Machine machine = m.Begin();
        Assert.True(asked.Wait(TestMachine.Patience));
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("slow", (d, c) =>
        {
            c.MapPorts("io", 0x30, 4, d, 0);
            d.OnRead = (in IoAccess _, out ulong value) =>
            {
                value = 0xbeef;
                return IoStatus.Ok;
            };
        }));
        Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Register(0) == 0xbeef, TestMachine.Patience));
    }

    [Fact]
    public async Task Reload_RegionsOverlap_TheUpperStaysOnTop()
    {
        static Action<LambdaDevice, IDeviceContext> Constant(ulong value) => (d, c) =>
        {
            c.MapPorts("io", 0x30, 4, d, 0);
            d.OnRead = (in IoAccess _, out ulong read) =>
            {
                read = value;
                return IoStatus.Ok;
            };
        };
        TestMachine m = new TestMachine([new Step.In(0x30, 4, 0), new Step.Jump(0)])
            .Add("below", Constant(1), Plugin).Add("above", Constant(2));
        m.Description = m.Description with { IsReloadable = true };
        using Machine machine = m.Begin();
        await machine.ReloadAsync(new TestReplacement(Plugin).Device("below", Constant(3)));
        RunOn(m);
        Assert.Equal(2u, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Build_ReloadableMachineWithADeviceWithoutState_IsRefusedByName()
    {
        TestMachine m = Busy().Add("amnesiac", () => new Stateless());
        ConfigurationException e = Assert.Throws<ConfigurationException>(m.Make);
        Assert.Contains("reloadable: the device amnesiac", e.Message, StringComparison.Ordinal);
    }

    private sealed class Stateless : IDevice
    {
        public void Attach(IDeviceContext context)
        {
        }

        public void Reset(ResetKind kind)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Button : IPowerButton
    {
        public void Press()
        {
        }
    }
}
