using Hv.Sdk;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Net;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

/// <summary>Whatever does not return is named, and ends its machine with code 4.</summary>
public sealed class WatchdogTests : IDisposable
{
    private static readonly MsiMessage Message = new() { Address = 0xfee0_0000, Data = 0x40 };

    private readonly ManualResetEventSlim never = new();
    private readonly string folder = Directory.CreateTempSubdirectory("hv-watchdog-").FullName;

    public void Dispose()
    {
        never.Set();
        Directory.Delete(folder, recursive: true);
    }

    private static TestMachine Patient(TestMachine m)
    {
        m.Description = m.Description with { WatchdogPatience = TimeSpan.FromSeconds(1) };
        return m;
    }

    // A device that calls the named slot's backend, or anything else, when the guest writes to port 10h.
    private static TestMachine Caller(string path, Action<LambdaDevice, IDeviceContext> attach, Action call) =>
        new TestMachine([new Step.Out(0x10, 1, 0), new Step.Jump(1)]).Add(path, (d, c) =>
        {
            c.MapPorts("io", 0x10, 1, d, 0);
            d.OnWrite = (in IoAccess _, ulong _) =>
            {
                call();
                return IoStatus.Ok;
            };
            attach(d, c);
        });

    private static void AssertNamed(MachineOutcome outcome, params string[] names)
    {
        Assert.Equal((EndReason.HostFailure, 4), (outcome.Reason, outcome.ExitCode));
        Assert.All(names, n => Assert.Contains(n, outcome.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TimeMode.Real)]
    [InlineData(TimeMode.Deterministic)]
    public void Run_ConcurrentDeviceStandsInAnAccess_IsNamed(TimeMode mode)
    {
        TestMachine m = Patient(new TestMachine([new Step.Out(0xf0, 1, 1)]));
        m.Description = m.Description with { Time = mode };
        using Machine machine = m.Make();
        m.Apics!.OnCall = never.Wait;
        machine.Start();
        AssertNamed(TestMachine.Wait(machine), "device apic", "plugin test");
    }

    [Fact]
    public void Run_ConcurrentDeviceStandsInAMessageOfAnother_IsNamedAndNotTheSender()
    {
        IDeviceContext context = null!;
        TestMachine m = Patient(Caller("sender", (_, c) => context = c,
            () => context.Msi.Send(Message)));
        using Machine machine = m.Make();
        m.Apics!.OnCall = never.Wait;
        machine.Start();
        MachineOutcome outcome = TestMachine.Wait(machine);
        AssertNamed(outcome, "device apic");
        Assert.DoesNotContain("sender", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ConcurrentDeviceStandsInAnAcknowledgeOfTheEngine_IsNamed()
    {
        IDeviceContext context = null!;
        TestMachine m = Patient(Caller("sender", (_, c) => context = c,
            () => context.Msi.Send(Message)));
        using Machine machine = m.Make();
        m.Apics!.OnAcknowledge = never.Wait;
        machine.Start();
        AssertNamed(TestMachine.Wait(machine), "device apic");
    }

    [Fact]
    public void Run_DeviceWaitsForOneThatStands_OnlyThatOneIsNamed()
    {
        // The timer of the first enters the second, in which vCPU 0 stands.
        LambdaDevice second = null!;
        TestMachine m = Patient(Caller("sloth", (d, _) => second = d, never.Wait)).Add("early", (d, c) =>
        {
            IVmTimer timer = c.CreateTimer("t", _ =>
            {
                using StrandScope scope = second.Context.Strand.Enter();
            });
            d.OnReset = _ => timer.Arm(VmTime.FromNs(200_000_000));
        });
        MachineOutcome outcome = m.Run();
        AssertNamed(outcome, "device sloth");
        Assert.DoesNotContain("early", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DeviceCallsAnotherForEver_TheCallerIsNamed()
    {
        IDeviceContext context = null!;
        TestMachine m = Patient(Caller("busy", (_, c) => context = c, () =>
        {
            while (!never.Wait(1)) context.Msi.Send(Message);
        }));
        AssertNamed(m.Run(), "device busy");
    }

    [Fact]
    public void Run_NetworkBackendStands_IsNamed()
    {
        INetPort port = null!;
        TestMachine made = Caller("net0", (_, c) => port = c.Backend<INetPort>("net")!,
            () => port.TrySend(new byte[60], default));
        TestMachine m = Patient(made);
        m.Network = new StandingBackend(never);
        m.Description = m.Description with
        {
            Backends =
            [
                new NetBackendDescription
                {
                    DevicePath = "net0", Slot = "net", Backend = new ExtensionChoice { Name = "tarpit" },
                },
            ],
        };
        AssertNamed(m.Run(), "network backend tarpit", "net0");
    }

    [Fact]
    public void Run_CharacterBackendStands_IsNamed()
    {
        ICharPort port = null!;
        TestMachine m = Patient(Caller("serial0", (_, c) => port = c.Backend<ICharPort>("line")!,
            () => port.TrySend((byte)'x')));
        m.Chars = new StandingBackend(never);
        m.Description = m.Description with
        {
            Backends =
            [
                new CharBackendDescription
                {
                    DevicePath = "serial0", Slot = "line", Backend = new ExtensionChoice { Name = "tarpit" },
                },
            ],
        };
        AssertNamed(m.Run(), "character backend tarpit", "serial0");
    }

    [Fact]
    public void Quit_EngineHearsNoKick_EngineAndVcpuAreNamed()
    {
        TestMachine m = Patient(new TestMachine([new Step.Hang(never)]));
        using Machine machine = m.Begin();
        machine.Quit(EndReason.Quit, "enough");
        AssertNamed(TestMachine.Wait(machine), "engine scripted", "vCPU 0");
    }

    [Fact]
    public void Save_DeviceStands_IsNamed()
    {
        TestMachine m = Patient(new TestMachine([new Step.Halt()]).Add("sloth", (d, _) => d.OnSave = never.Wait));
        using Machine machine = m.Begin();
        Task saved = machine.SaveAsync(Path.Combine(folder, "state"));
        AssertNamed(TestMachine.Wait(machine), "device sloth");
        Assert.False(File.Exists(Path.Combine(folder, "state")));
        Assert.False(saved.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Restore_DeviceStands_IsNamed()
    {
        string state = Path.Combine(folder, "state");
        TestMachine first = new TestMachine([new Step.Halt()]).Add("sloth", (_, _) => { });
        using (Machine machine = first.Begin()) await machine.SaveAsync(state);
        TestMachine m = Patient(
            new TestMachine([new Step.Halt()]).Add("sloth", (d, _) => d.OnLoad = _ => never.Wait()));
        m.Description = m.Description with { RestoreFrom = state };
        AssertHung(() => m.Begin().Dispose(), "device sloth");
    }

    [Fact]
    public void Build_DeviceStandsInItsConstructor_IsNamed() => AssertHung(
        () => Patient(new TestMachine([new Step.Halt()]).Add("sloth", () =>
        {
            never.Wait();
            return new LambdaDevice((_, _) => { });
        })).Make().Dispose(), "sloth", "plugin test");

    [Fact]
    public void Build_DeviceStandsInAttach_IsNamed() => AssertHung(
        () => Patient(new TestMachine([new Step.Halt()]).Add("sloth", (_, _) => never.Wait())).Make().Dispose(),
        "sloth", "plugin test");

    [Fact]
    public void Build_BoardStands_IsNamed() => AssertHung(
        () => Patient(new TestMachine([new Step.Halt()]).Describe(_ => never.Wait())).Make().Dispose(), "board test");

    [Fact]
    public void Start_DeviceStandsInReset_IsNamed() => AssertHung(
        () => Patient(new TestMachine([new Step.Halt()]).Add("sloth", (d, _) => d.OnReset = _ => never.Wait()))
            .Begin().Dispose(), "device sloth");

    [Fact]
    public void Start_FirmwareStands_IsNamed()
    {
        TestMachine m = Patient(new TestMachine([new Step.Halt()]));
        m.OnInstall = never.Wait;
        AssertHung(() => m.Begin().Dispose(), "firmware test");
    }

    [Fact]
    public void Run_EverythingReturns_NobodyIsAccused()
    {
        // Twice the patience, of a guest that is busy with short callbacks all the time.
        TestMachine m = Patient(new TestMachine([new Step.Out(0x10, 1, 0), new Step.Jump(0)])
            .Add("quick", (d, c) => c.MapPorts("io", 0x10, 1, d, 0)));
        m.Description = m.Description with { Timeout = TimeSpan.FromSeconds(2) };
        Assert.Equal(124, m.Run().ExitCode);
    }

    private static void AssertHung(Action call, params string[] names)
    {
        PluginHungException e = Assert.Throws<PluginHungException>(call);
        Assert.All(names, n => Assert.Contains(n, e.Message, StringComparison.Ordinal));
    }

    /// <summary>A network and a line that take the first thing that they are given and never return.</summary>
    private sealed class StandingBackend(ManualResetEventSlim until) : INetBackend, INetEndpoint, ICharBackend,
        ICharStream
    {
        OptionSchema INetBackend.Options => OptionSchema.Empty;
        OptionSchema ICharBackend.Options => OptionSchema.Empty;
        INetEndpoint INetBackend.Open(INetLink link, OptionValues options) => this;
        ICharStream ICharBackend.Open(OptionValues options, IDeviceLog log) => this;

        public bool Send(ReadOnlySpan<byte> frame, in FrameInfo info)
        {
            until.Wait();
            return true;
        }

        public int Write(ReadOnlySpan<byte> bytes)
        {
            until.Wait();
            return bytes.Length;
        }

        public void Flush()
        {
        }

        public void ReadyToReceive()
        {
        }

        public void Start(CharsReceived received, Action writable)
        {
        }

        public void Dispose()
        {
        }
    }
}
