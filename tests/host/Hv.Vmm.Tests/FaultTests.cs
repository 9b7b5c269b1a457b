using System.Collections.Concurrent;
using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Memory;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

/// <summary>Faults are wired where a rule addresses them and nowhere else, strike when they should, and are part of the
/// machine.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-faults").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Adds one to what is read.</summary>
    private sealed class PlusOne : IFaultFactory, IFaultDecorator<IIoHandler>
    {
        public OptionSchema Options => OptionSchema.Empty;
        public IFault Create(OptionValues options) => this;
        public IIoHandler Decorate(IIoHandler inner, in FaultSite site, IFaultScope scope) => new Handler(inner, scope);

        private sealed class Handler(IIoHandler inner, IFaultScope scope) : ForwardingIoHandler(inner)
        {
            public override IoStatus Read(in IoAccess access, out ulong value)
            {
                IoStatus status = base.Read(access, out value);
                if (!scope.Strikes()) return status;
                scope.Fired($"{value} became {value + 1}");
                value++;
                return status;
            }
        }
    }

    /// <summary>Counts moments, and keeps the count as state of its own.</summary>
    private sealed class Clockwork : IFaultFactory, IFaultDecorator<IDmaSpace>
    {
        public readonly ConcurrentQueue<long> Moments = new();
        public Gear? Last { get; private set; }
        public OptionSchema Options => OptionSchema.Empty;
        public IFault Create(OptionValues options) => this;
        public IDmaSpace Decorate(IDmaSpace inner, in FaultSite site, IFaultScope scope) =>
            Last = new Gear(inner, scope, this);

        public sealed class Gear : ForwardingDmaSpace, IFaultState
        {
            public ulong Count;

            public Gear(IDmaSpace inner, IFaultScope scope, Clockwork owner) : base(inner) => scope.AtMoments(() =>
            {
                Count++;
                owner.Moments.Enqueue(scope.Clock.Now.Nanoseconds);
                scope.Fired("tick");
            });

            public void Reset() => Count = 0;
            public void Save(StateWriter writer) => writer.UInt(1, Count);
            public void Load(StateReader reader) => Count = reader.UInt(1, 0, ulong.MaxValue);
        }
    }

    private static FaultDescription Rule(string kind, string where, params (string Key, string Value)[] when) => new()
    {
        Fault = new ExtensionChoice { Name = kind },
        Where = where,
        When = when.ToDictionary(w => w.Key, w => w.Value),
    };

    private const ushort Port = 0x100;

    private static Step[] Reads(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Step.In(Port, 1, i)), new Step.Out(0x200, 1, 0),
            new Step.Halt()];

    private static TestMachine Machine(Step[] script, params FaultDescription[] rules)
    {
        TestMachine test = new TestMachine(script).Fault("plus-one", new PlusOne()).Fault("clockwork", new Clockwork())
            .Add("dut", (d, c) => c.MapPorts("io", Port, 1, d, 0))
            .Add("off", (d, c) =>
            {
                c.MapPorts("io", 0x200, 1, d, 0);
                d.OnWrite = (in IoAccess _, ulong _) =>
                {
                    c.Machine.RequestPowerOff("the script is over");
                    return IoStatus.Ok;
                };
            });
        test.Description = test.Description with { Faults = rules, Time = TimeMode.Deterministic };
        return test;
    }

    private static int[] Registers(TestMachine test, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (int)test.Vcpu(0).Register(i))];

    [Theory]
    [InlineData("nth=3", new[] { 0, 0, 1, 0, 0, 0 })]
    [InlineData("every=2", new[] { 0, 1, 0, 1, 0, 1 })]
    [InlineData("count=2", new[] { 1, 1, 0, 0, 0, 0 })]
    [InlineData("every=2,count=1", new[] { 0, 1, 0, 0, 0, 0 })]
    [InlineData("after=8ns", new[] { 0, 0, 1, 1, 1, 1 })]
    [InlineData("until=8ns", new[] { 1, 1, 1, 0, 0, 0 })]
    [InlineData("after=8ns,nth=2", new[] { 0, 0, 0, 1, 0, 0 })]
    public void Rule_StrikesWhenItSays(string when, int[] expected)
    {
        (string, string)[] words = [.. when.Split(',').Select(w => (w.Split('=')[0], w.Split('=')[1]))];
        TestMachine test = Machine(Reads(6), Rule("plus-one", "dut", words));
        Assert.Equal(0, test.Run().ExitCode);
        Assert.Equal(expected, Registers(test, 6));
    }

    [Fact]
    public void Probability_DependsOnTheSeedAlone()
    {
        int[] Run(ulong seed)
        {
            TestMachine test = Machine(Reads(13), Rule("plus-one", "dut", ("probability", "50%"), ("optional", "on")));
            test.Description = test.Description with { Seed = seed };
            Assert.Equal(0, test.Run().ExitCode);
            return Registers(test, 13);
        }

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
        Assert.Contains(0, Run(1));
        Assert.Contains(1, Run(1));
    }

    [Fact]
    public void Machine_WithoutARuleForAPlace_WiresWhatIsThere()
    {
        LambdaDevice? device = null;
        IVmTimer? timer = null;
        IrqLine line = default;
        TestMachine test = Machine(Reads(1), Rule("plus-one", "dut", ("optional", "on")))
            .Wire("other", "irq", "apic", "lint0", 0)
            .Add("other", (d, c) =>
            {
                device = d;
                c.MapPorts("io", 0x300, 1, d, 0);
                timer = c.CreateTimer("t", _ => { });
                line = c.IrqOut("irq");
            });
        using Machine machine = test.Make();
        Hardware hardware = machine.Hardware;
        IDeviceContext context = device!.Context;

        Assert.Same(hardware.Memory.Dma, context.Dma);
        Assert.Same(hardware.Clock, context.Clock);
        Assert.Same(hardware.Msi, context.Msi);
        Assert.Same(device, hardware.Ports.Table.Find(0x300, out _, out _)!.Handler);
        Assert.Same(test.Vcpu(0), hardware.Vcpus[0].Vcpu);
        Assert.IsType<Time.VmTimer>(timer);
        Assert.Equal(new IrqLine(hardware.Fabric, 0), line);
        Assert.NotSame(hardware.Devices.Find(d => d.Path == "dut")!.Node.Device,
            hardware.Ports.Table.Find(Port, out _, out _)!.Handler);
    }

    [Fact]
    public void Rule_ThatNeverFired_EndsTheRunWithSix()
    {
        MachineOutcome outcome = Machine(Reads(2), Rule("plus-one", "dut", ("nth", "3"))).Run();
        Assert.Equal((EndReason.Inconclusive, 6), (outcome.Reason, outcome.ExitCode));
        Assert.Contains("'plus-one' at 'dut' never fired (2 opportunities)", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(0, Machine(Reads(2), Rule("plus-one", "dut", ("nth", "3"), ("optional", "on"))).Run().ExitCode);
    }

    [Fact]
    public void Rule_ThatFired_HasEvidenceAndCounts()
    {
        TestMachine test = Machine(Reads(5), Rule("plus-one", "d?t:region:*", ("every", "2")));
        using Machine machine = test.Begin();
        Assert.Equal(0, TestMachine.Wait(machine).ExitCode);
        FaultRule rule = Assert.Single(machine.Faults);
        Assert.Equal((5ul, 2ul), (rule.Opportunities, rule.Fired));
        Assert.Equal(["dut:region:io"], rule.Sites.Select(s => s.ToString()));
        Assert.Equal([(4L, "0 became 1"), (12L, "0 became 1")],
            rule.Firings.Select(f => (f.At.Nanoseconds, f.Evidence)));
        Assert.Contains("Info fault: plus-one at dut:region:io, 4 ns: 0 became 1", test.Messages);
    }

    [Fact]
    public void Rule_ThatAddressesNothing_IsRefusedWithWhatWasMeant()
    {
        DiagnosticException refused = Assert.Throws<DiagnosticException>(() => Machine(Reads(1),
            Rule("plus-one", "dutt"), Rule("plus-one", "dut:region:oi"), Rule("plus-one", "dut:dma")).Make());
        Assert.Equal(
            [
                "this machine has no place 'dutt' for a fault: did you mean 'dut'?",
                "this machine has no place 'dut:region:oi' for a fault: did you mean 'dut:region:io'?",
                "the fault 'plus-one' can break nothing at 'dut:dma': hv fault help plus-one says what it breaks",
            ],
            refused.Diagnostics.Select(d => $"{d.Problem}: {d.Remedy}"));
        Assert.All(refused.Diagnostics, d => Assert.Equal(Codes.NoFaultSite, d.Code));
    }

    [Fact]
    public void Moments_ComeAtTheirTimes()
    {
        Clockwork clockwork = new();
        Step[] script = [.. Enumerable.Repeat(new Step.In(Port, 1, 0), 100), new Step.Out(0x200, 1, 0),
            new Step.Halt()];
        TestMachine test = Machine(
            script, Rule("clockwork", "dut", ("after", "40ns"), ("period", "1us"), ("count", "3")))
            .Fault("clockwork", clockwork);
        Assert.Equal(6, Machine(script, Rule("clockwork", "dut", ("after", "1ms"))).Run().ExitCode);
        Assert.Equal(0, test.Run().ExitCode);
        Assert.Equal([40L], clockwork.Moments);
    }

    // An endless loop of reads, with a sum of what was read in memory that the state hash sees.
    private static readonly Step[] EndlessReads =
        [new Step.In(Port, 1, 0), new Step.Count(0x100), new Step.Jump(0)];

    private static TestMachine Endless(ulong seed, params FaultDescription[] rules)
    {
        TestMachine test = Machine(EndlessReads, rules);
        test.Description = test.Description with { Seed = seed, StateHashInterval = 1000 };
        return test;
    }

    private static (ulong[] Hashes, long[] Moments) FirstSteps(ulong seed)
    {
        using Machine machine = Endless(seed, Rule("plus-one", "dut", ("probability", "1%"))).Begin();
        Wait(() => machine.Faults[0].Fired >= 30);
        machine.Quit(EndReason.Quit, "seen enough");
        TestMachine.Wait(machine);
        return ([.. machine.StateHashes.Take(20).Select(h => h.Hash)],
            [.. machine.Faults[0].Firings.Take(20).Select(f => f.At.Nanoseconds)]);
    }

    private static void Wait(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TestMachine.Patience), "it does not come about");

    [Fact]
    public void Faults_WithOneSeed_AreOneRun()
    {
        (ulong[] hashes, long[] moments) = FirstSteps(1);
        (ulong[] again, long[] sameMoments) = FirstSteps(1);
        Assert.Equal(moments, sameMoments);
        int length = Math.Min(hashes.Length, again.Length);
        Assert.True(length > 0);
        Assert.Equal(hashes[..length], again[..length]);
        (ulong[] other, long[] otherMoments) = FirstSteps(2);
        Assert.NotEqual(moments, otherMoments);
        Assert.NotEqual(hashes[..1], other[..1]);
    }

    [Fact]
    public async Task Restore_GoesOnWithCountersStreamTimersAndState()
    {
        string file = Path.Combine(folder, "saved");
        FaultDescription[] rules =
        [
            Rule("plus-one", "dut", ("probability", "0.02%")),
            Rule("clockwork", "dut", ("period", "100us")),
        ];
        ulong opportunities, fired, moments;
        long[] later;
        using (Machine first = Endless(3, rules).Begin())
        {
            Wait(() => first.Faults[0].Fired > 3 && first.Faults[1].Fired > 3);
            await first.PauseAsync();
            await first.SaveAsync(file);
            (opportunities, fired, moments) =
                (first.Faults[0].Opportunities, first.Faults[0].Fired, first.Faults[1].Fired);
            VmTime saved = first.Clock.Now;
            await first.ResumeAsync();
            Wait(() => first.Faults[0].Fired >= fired + 20);
            later = [.. first.Faults[0].Firings.Select(f => f.At.Nanoseconds).Where(t => t > saved.Nanoseconds)];
        }

        Clockwork clockwork = new();
        TestMachine next = Endless(99, rules).Fault("clockwork", clockwork);
        next.Description = next.Description with { RestoreFrom = file };
        using Machine second = next.Make();
        second.Start(isPaused: true);
        Assert.Equal((opportunities, fired, moments),
            (second.Faults[0].Opportunities, second.Faults[0].Fired, second.Faults[1].Fired));
        Assert.Equal(moments, clockwork.Last!.Count);
        await second.ResumeAsync();
        Wait(() => second.Faults[0].Firings.Count >= 15 && second.Faults[1].Fired > moments);
        Assert.Equal(later[..15], second.Faults[0].Firings.Take(15).Select(f => f.At.Nanoseconds));
    }

    [Fact]
    public async Task Restore_WithOtherRules_BeginsThemAnew()
    {
        string file = Path.Combine(folder, "saved");
        using (Machine first = Endless(3, Rule("clockwork", "dut", ("period", "100us"))).Begin())
        {
            Wait(() => first.Faults[0].Fired > 0);
            await first.SaveAsync(file);
        }
        TestMachine next = Endless(3, Rule("plus-one", "dut", ("nth", "5")));
        next.Description = next.Description with { RestoreFrom = file };
        using Machine second = next.Begin();
        Wait(() => second.Faults[0].Fired == 1);
        Assert.Equal("plus-one", second.Faults[0].Name);
    }

    [Fact]
    public async Task Reload_OfADevice_LeavesItsFaultsInPlace()
    {
        const string Plugin = "acme.worker";
        static void Attach(LambdaDevice d, IDeviceContext c) => c.MapPorts("io", Port, 1, d, 0);
        Clockwork clockwork = new();
        TestMachine test = new TestMachine(EndlessReads).Fault("plus-one", new PlusOne()).Fault("clockwork", clockwork)
            .Add("dut", Attach, Plugin);
        test.Description = test.Description with
        {
            IsReloadable = true,
            Faults = [Rule("plus-one", "dut", ("every", "100")), Rule("clockwork", "dut", ("period", "1ms"))],
        };
        using Machine machine = test.Begin();
        Wait(() => machine.Faults.All(f => f.Fired > 3));
        for (int round = 0; round < 3; round++)
        {
            await machine.ReloadAsync(new TestReplacement(Plugin).Device("dut", Attach));
            ulong[] before = [.. machine.Faults.Select(f => f.Fired)];
            Wait(() => machine.Faults[0].Fired > before[0] + 3 && machine.Faults[1].Fired > before[1] + 3);
        }
        Assert.Equal(["dut:region:io"], machine.Faults[0].Sites.Select(s => s.ToString()));
        await machine.PauseAsync();
        Assert.Equal(machine.Faults[1].Fired, clockwork.Last!.Count);
    }

    [Fact]
    public async Task AddFault_ToARunningMachine_StrikesFromThenOn()
    {
        TestMachine test = Endless(1);
        test.Description = test.Description with { TakesFaults = true };
        using Machine machine = test.Begin();
        FaultRule rule = await machine.AddFaultAsync(Rule("plus-one", "dut", ("count", "7")));
        Wait(() => rule.Fired == 7);
        Assert.Equal(["dut:region:io"], rule.Sites.Select(s => s.ToString()));
        ConfigurationException refused = await Assert.ThrowsAsync<ConfigurationException>(
            () => machine.AddFaultAsync(Rule("plus-one", "dutt")));
        Assert.Contains("did you mean 'dut'?", refused.Message, StringComparison.Ordinal);
        Assert.Single(machine.Faults);
    }

    [Fact]
    public async Task AddFault_ToAMachineThatTakesNone_IsRefused()
    {
        using Machine machine = Endless(1).Begin();
        await Assert.ThrowsAsync<InvalidOperationException>(() => machine.AddFaultAsync(Rule("plus-one", "dut")));
    }

    [Fact]
    public void While_AnotherDevicesStateHolds_IsCheckedAndLookedAt()
    {
        DiagnosticException refused = Assert.Throws<DiagnosticException>(
            () => Machine(Reads(1), Rule("plus-one", "dut", ("while", "off.power=1"))).Begin());
        Assert.Equal(Codes.NoFaultState, refused.Diagnostics[0].Code);
        Assert.Equal("the device off shows no state 'power': it shows none",
            $"{refused.Diagnostics[0].Problem}: {refused.Diagnostics[0].Remedy}");

        TestMachine test = Machine(Reads(6), Rule("plus-one", "dut", ("while", "counter.reads>3")))
            .Add("counter", () => new Counter());
        Assert.Equal(0, test.Run().ExitCode);
        Assert.Equal([0, 0, 0, 1, 1, 1], Registers(test, 6));
    }

    /// <summary>Shows how often it was looked at.</summary>
    [NoState]
    private sealed class Counter : IDevice, IInspectable
    {
        private ulong looks;

        // The core looks once when the machine starts, to see that the field is there.
        public void Inspect(IInspector to) => to.Field("reads", looks++);

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
}
