using System.Reflection;
using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;
using Hv.Sdk.Management;

namespace Hv.Testing.Tests;

/// <summary>Whole machines as a test drives them.</summary>
public sealed class VirtualMachines : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-testing").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Installation { get; } = typeof(VirtualMachines).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "HvOutput").Value!;

    private static VmSetup Setup() => new() { Installation = Installation };

    private VmSetup Stub(byte[] kernel)
    {
        string file = Path.Combine(folder, "kernel.elf");
        File.WriteAllBytes(file, kernel);
        return Setup().With("kernel", file).With("memory", "64M");
    }

    [Fact]
    public async Task Linux_ALineTyped_IsAnswered()
    {
        await using Vm vm = await Vm.Start(Setup().WithLinux());

        await vm.Serial.Expect("/root # ");
        await vm.Serial.SendLine("echo $((6 * 7))");
        await vm.Serial.ExpectMatch("^42");
        await vm.Serial.SendLine("poweroff");

        Assert.Equal(EndReason.PowerOff, (await vm.WaitForEnd()).Reason);
    }

    [Fact]
    public async Task Linux_SavedAndRestored_GoesOnWhereItWas()
    {
        string file = Path.Combine(folder, "saved");
        VmSetup setup = Setup().WithLinux();
        await using (Vm vm = await Vm.Start(setup))
        {
            await vm.Serial.Expect("/root # ");
            await vm.Serial.SendLine("remembered=forty-two");
            await vm.Serial.Expect("/root # ");
            await vm.Save(file);
        }

        await using Vm restored = await Vm.Start(setup.RestoredFrom(file));
        await restored.Serial.SendLine("echo it is $remembered");
        await restored.Serial.ExpectMatch("^it is forty-two");
    }

    [Fact]
    public async Task Linux_CodeOfItsSerialPortReplaced_AnswersOn()
    {
        await using Vm vm = await Vm.Start(Setup().WithLinux().With("reloadable", "on"));
        await vm.Serial.Expect("/root # ");

        Assert.Equal("serial0", Assert.Single((await vm.Reload("hv.serial.uart16550")).Devices).Path);

        await vm.Serial.SendLine("echo $((6 * 7))");
        await vm.Serial.ExpectMatch("^42");
        DiagnosticException e = await Assert.ThrowsAsync<DiagnosticException>(() => vm.Reload("hv.engines.x86.interpreter"));
        Assert.Equal(Codes.NotReplaceable, e.Diagnostics[0].Code);
    }

    [Fact]
    public async Task Expect_NeverComes_ShowsWhatCameInstead()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.PrintAndSpin("something else")).Deterministic(seed: 1));

        VmTestException e = await Assert.ThrowsAsync<VmTestException>(
            () => vm.Serial.Expect("login:", within: TimeSpan.FromSeconds(1)));

        Assert.Contains("virtual time", e.Message, StringComparison.Ordinal);
        Assert.Contains("something else", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expect_TheMachineEnds_SaysHow()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.TripleFault()));

        VmTestException e = await Assert.ThrowsAsync<VmTestException>(() => vm.Serial.Expect("login:"));

        Assert.Contains("triple fault", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, vm.Outcome!.ExitCode);
    }

    [Fact]
    public async Task Expect_Twice_LooksBehindTheFirst()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.Print("one two one three")));

        await vm.Serial.Expect("one");
        Assert.Equal(" two one t", (await vm.Serial.ExpectMatch(".* one t")).Value);
        await vm.Serial.Expect("hree");
    }

    [Fact]
    public async Task RunFor_Deterministic_StandsAtTheSameStateEachTime()
    {
        (TimeSpan, ulong) first = await At(2.5), again = await At(2.5), later = await At(3);

        Assert.Equal(first, again);
        Assert.True(first.Item1 >= TimeSpan.FromMilliseconds(2.5));
        Assert.True(later.Item2 > first.Item2);

        async Task<(TimeSpan Now, ulong Retired)> At(double milliseconds)
        {
            // Each start is a pause of its own: how far the machine is by then depends on the host, where it stands
            // does not.
            await using Vm vm = await Vm.Start(
                Stub(StubKernel.PrintAndSpin("x")).Deterministic(seed: 1), isPaused: true);
            await vm.RunFor(TimeSpan.FromMilliseconds(1));
            await vm.RunFor(TimeSpan.FromMilliseconds(milliseconds) - vm.Now);
            TimeSpan now = vm.Now;
            return (now, await vm.Devices["vcpu0"].Counter("retired"));
        }
    }

    [Fact]
    public async Task RunFor_TheMachineEnds_SaysHow()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.TripleFault()), isPaused: true);

        VmTestException e = await Assert.ThrowsAsync<VmTestException>(() => vm.RunFor(TimeSpan.FromHours(1)));

        Assert.Contains("triple fault", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_OfTheGuest_IsReadAndWritten()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.Print("abc")));
        await vm.Serial.Expect("abc");
        GuestPhysicalAddress address = new(0x20_0000);
        byte[] read = new byte[3];

        Assert.True(vm.Memory.TryWrite(address, "xyz"u8));
        Assert.True(vm.Memory.TryRead(address, read));

        Assert.Equal("xyz"u8, read);
        Assert.False(vm.Memory.TryRead(new GuestPhysicalAddress(0x8000_0000), read));
    }

    [Fact]
    public async Task Start_ASetupWithMistakes_NamesAllOfThem()
    {
        VmSetup setup = Setup().With("kernel", "/no/such/kernel").WithDevice("uart165500").With("memory", "some");

        DiagnosticException e = await Assert.ThrowsAsync<DiagnosticException>(() => Vm.Start(setup));

        Assert.Equal(3, e.Diagnostics.Count);
        Assert.Contains(e.Diagnostics, d => d.Remedy!.Contains("'uart16550'", StringComparison.Ordinal));
    }

    [Fact]
    public void With_AnUnknownKey_SuggestsTheRightOne() =>
        Assert.Contains("'memory'", Assert.Throws<ArgumentException>(() => Setup().With("memroy", "1G")).Message,
            StringComparison.Ordinal);

    [Fact]
    public async Task Devices_Inspected_ShowWhatTheGuestDid()
    {
        await using Vm vm = await Vm.Start(Stub(StubKernel.Print("abc")));
        await vm.Serial.Expect("abc");

        Assert.Equal(3UL, await vm.Devices["serial0"].Counter("writes"));
        Assert.Contains("serial0",
            (await Assert.ThrowsAsync<VmTestException>(() => vm.Devices["nothing"].Inspect())).Message,
            StringComparison.Ordinal);
    }
}
