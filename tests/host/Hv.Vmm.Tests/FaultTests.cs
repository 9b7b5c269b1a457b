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
}
