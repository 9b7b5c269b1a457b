using Hv.Sdk;
using Hv.Sdk.Boards;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Signals;

namespace Hv.Vmm.Tests;

/// <summary>The pins of the processors, and RAM that only system-management mode sees.</summary>
public sealed class ProcessorPinTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-pins-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A gate: a port whose bit 0 is the line; a reset opens it.</summary>
    private static TestMachine WithGate(params Step[] script) =>
        new TestMachine(script).Add("gate", Gate).Wire("gate", "a20", IBoardBuilder.ProcessorPath, "a20", 0);

    private static void Gate(LambdaDevice d, IDeviceContext c)
    {
        c.MapPorts("io", 0x92, 1, d, 0);
        IrqLine line = c.IrqOut("a20");
        d.OnWrite = (in IoAccess _, ulong value) =>
        {
            line.Set((value & 1) != 0);
            return IoStatus.Ok;
        };
        d.OnReset = _ => line.Set(true);
    }

    [Fact]
    public void A20_Unwired_PassesEverything()
    {
        TestMachine m = new([new Step.Halt()]);
        using Machine machine = m.Begin();
        Assert.Equal(ProcessorPins.None, m.ScriptedEngine.Partition!.Pins);
    }

    [Fact]
    public void A20_Wired_FollowsTheLine()
    {
        TestMachine m = WithGate(new Step.Out(0x92, 1, 0), new Step.TripleFault());
        using (Machine machine = m.Make())
        {
            Assert.Equal(ProcessorPins.A20Mask, m.ScriptedEngine.Partition!.Pins);
            machine.Start();
            _ = TestMachine.Wait(machine);
            Assert.Equal(ProcessorPins.A20Mask, m.ScriptedEngine.Partition.Pins);
        }
        m = WithGate(new Step.Out(0x92, 1, 0), new Step.Out(0x92, 1, 1), new Step.TripleFault());
        using Machine open = m.Begin();
        _ = TestMachine.Wait(open);
        Assert.Equal(ProcessorPins.None, m.ScriptedEngine.Partition!.Pins);
    }

    [Theory]
    [InlineData(0u, ProcessorPins.A20Mask)]
    [InlineData(1u, ProcessorPins.None)]
    public async Task A20_AfterARestore_IsAsItWasSaved(uint level, ProcessorPins expected)
    {
        string file = Path.Combine(folder, "a.hvs");
        Step[] script = [new Step.Out(0x92, 1, level), new Step.Count(0x1000), new Step.Jump(1)];
        TestMachine m = WithGate(script);
        using (Machine machine = m.Begin())
        {
            while (m.Vcpu(0).Retired < 100) await Task.Delay(1);
            await machine.SaveAsync(file);
        }
        m = WithGate(script);
        m.Description = m.Description with { RestoreFrom = file };
        using Machine restored = m.Begin();
        Assert.Equal(expected, m.ScriptedEngine.Partition!.Pins);
    }

    [Fact]
    public void Ferr_OfTheFirstVcpu_IsALineOfTheBoard()
    {
        List<bool> seen = [];
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("pic", (d, c) =>
            {
                _ = c.IrqIn("irq", 16, d);
                d.OnPin = (pin, level) =>
                {
                    Assert.Equal(13, pin);
                    seen.Add(level);
                };
            })
            .Wire(IBoardBuilder.ProcessorPath, "ferr", "pic", "irq", 13);
        m.Description = m.Description with { VcpuCount = 2 };
        using Machine machine = m.Make();
        IPartitionContext context = m.ScriptedEngine.Partition!.Context;
        context.SetNumericError(0, true);
        context.SetNumericError(1, true);
        context.SetNumericError(0, true);
        context.SetNumericError(0, false);
        Assert.Equal([true, false], seen);
    }

    [Fact]
    public void Ignne_Wired_ReachesTheEngine()
    {
        IrqLine line = default;
        TestMachine m = new TestMachine([new Step.Halt()])
            .Add("latch", (_, c) => line = c.IrqOut("ignne"))
            .Wire("latch", "ignne", IBoardBuilder.ProcessorPath, "ignne", 0);
        using Machine machine = m.Make();
        line.Set(true);
        Assert.Equal(ProcessorPins.IgnoreNumericError, m.ScriptedEngine.Partition!.Pins);
        line.Set(false);
        Assert.Equal(ProcessorPins.None, m.ScriptedEngine.Partition.Pins);
    }

    [Fact]
    public void DeviceCalledAsTheProcessors_IsRefused()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(() =>
            new TestMachine([new Step.Halt()]).Add(IBoardBuilder.ProcessorPath, (_, _) => { }).Make());
        Assert.Contains("'cpu'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WireToAProcessorPinThatIsNotThere_IsRefused() => Assert.Throws<ConfigurationException>(() =>
        WithGate(new Step.Halt()).Wire("gate", "a20", IBoardBuilder.ProcessorPath, "flush", 0).Make());

    [Fact]
    public void SmRam_ReachesTheEngineAsSuch()
    {
        TestMachine m = new TestMachine([new Step.Halt()]).Describe(b => b.SmRam(new(0x20_0000), 0x1000, 0x3000));
        using Machine machine = m.Make();
        MemorySlot slot = Assert.Single(m.ScriptedEngine.Partition!.Slots,
            s => (s.Flags & MemorySlotFlags.SmmOnly) != 0);
        Assert.Equal((0x20_0000ul, 0x1000ul, 0x3000ul), (slot.Start.Value, slot.LengthBytes, slot.FileOffset));
    }
}
