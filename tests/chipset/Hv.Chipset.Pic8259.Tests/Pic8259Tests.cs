using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pic8259.Tests;

public sealed class Pic8259Tests : IDisposable
{
    private const ushort Command = 0x20, Data = 0x21, SlaveCommand = 0xa0, SlaveData = 0xa1;
    private readonly DeviceBench bench =
        DeviceBench.Create(new Pic8259Plugin(), new BenchSetup { HasCharPort = false });

    public Pic8259Tests() => Initialize(0x01);

    public void Dispose() => bench.Dispose();

    private void Initialize(uint icw4, uint icw1 = 0x11)
    {
        foreach ((ushort port, uint vector, uint cascade) in new[] { (Command, 0x20u, 4u), (SlaveCommand, 0x28u, 2u) })
        {
            bench.Out(port, icw1);
            bench.Out((ushort)(port + 1), vector);
            bench.Out((ushort)(port + 1), cascade);
            bench.Out((ushort)(port + 1), icw4);
            bench.Out((ushort)(port + 1), 0);
        }
    }

    private bool Intr => bench.Line("intr").Level;

    private int Acknowledge()
    {
        Assert.Equal(Intr, bench.Service<IInterruptAcknowledge>().IsAsserted);
        int vector = 0;
        bench.Run(() => vector = bench.Service<IInterruptAcknowledge>().Acknowledge());
        return vector;
    }

    private void Edge(int input)
    {
        bench.Drive("irq", input, true);
        bench.Drive("irq", input, false);
    }

    [Fact]
    public void Edge_OnTheMaster_IsServedUntilEoi()
    {
        bench.Drive("irq", 1, true);
        Assert.True(Intr);
        Assert.Equal(0x21, Acknowledge());
        Assert.False(Intr);
        bench.Out(Command, 0x0b);
        Assert.Equal(0x02u, bench.In(Command));
        bench.Out(Command, 0x20);
        Assert.Equal(0x00u, bench.In(Command));
        Assert.False(Intr);
    }

    [Fact]
    public void Edge_OnTheSlave_PassesThroughInput2()
    {
        Edge(12);
        Assert.Equal(0x2c, Acknowledge());
        bench.Out(Command, 0x0b);
        bench.Out(SlaveCommand, 0x0b);
        Assert.Equal((0x04u, 0x10u), (bench.In(Command), bench.In(SlaveCommand)));
        bench.Out(SlaveCommand, 0x20);
        bench.Out(Command, 0x20);
        Assert.Equal((0x00u, 0x00u), (bench.In(Command), bench.In(SlaveCommand)));
    }

    [Fact]
    public void FullyNested_LowerPriority_WaitsForEoi()
    {
        Edge(3);
        Assert.Equal(0x23, Acknowledge());
        Edge(5);
        Assert.False(Intr);
        Edge(0);
        Assert.Equal(0x20, Acknowledge());
        bench.Out(Command, 0x20);
        Assert.False(Intr);
        bench.Out(Command, 0x20);
        Assert.Equal(0x25, Acknowledge());
    }

    [Fact]
    public void Mask_Set_HoldsTheRequestBack()
    {
        bench.Out(Data, 0x02);
        Edge(1);
        Assert.False(Intr);
        Assert.Equal(0x02u, bench.In(Command));
        bench.Out(Data, 0x00);
        Assert.Equal(0x21, Acknowledge());
    }

    [Fact]
    public void Acknowledge_WithoutRequest_GivesTheSpuriousVector()
    {
        Assert.Equal(0x27, Acknowledge());
        bench.Out(Command, 0x0b);
        Assert.Equal(0x00u, bench.In(Command));
    }

    [Fact]
    public void AutomaticEoi_Rotating_TakesTurns()
    {
        Initialize(0x03);
        bench.Out(Command, 0x80);
        Edge(0);
        Edge(1);
        Assert.Equal(0x20, Acknowledge());
        Edge(0);
        Assert.Equal(0x21, Acknowledge());
        Assert.Equal(0x20, Acknowledge());
    }

    [Fact]
    public void RotateOnSpecificEoi_MakesTheInputLowest()
    {
        Edge(2 + 1);
        Assert.Equal(0x23, Acknowledge());
        bench.Out(Command, 0xe3);
        Edge(3);
        Edge(4);
        Assert.Equal(0x24, Acknowledge());
    }

    [Fact]
    public void SetPriority_Command_MovesTheHighest()
    {
        bench.Out(Command, 0xc4);
        Edge(0);
        Edge(5);
        Assert.Equal(0x25, Acknowledge());
    }

    [Fact]
    public void SpecialMask_LetsLowerPrioritiesThrough()
    {
        Edge(1);
        Assert.Equal(0x21, Acknowledge());
        Edge(6);
        Assert.False(Intr);
        bench.Out(Data, 0x02);
        bench.Out(Command, 0x68);
        Assert.Equal(0x26, Acknowledge());
    }

    [Fact]
    public void SpecialFullyNested_SecondSlaveRequest_GetsThrough()
    {
        Initialize(0x11);
        Edge(12);
        Assert.Equal(0x2c, Acknowledge());
        Edge(9);
        Assert.Equal(0x29, Acknowledge());
        Initialize(0x01);
        Edge(12);
        Assert.Equal(0x2c, Acknowledge());
        Edge(9);
        Assert.False(Intr);
    }

    [Fact]
    public void Poll_Read_AcknowledgesBySoftware()
    {
        bench.Out(Command, 0x0c);
        Assert.Equal(0x00u, bench.In(Command));
        Edge(4);
        bench.Out(Command, 0x0c);
        Assert.Equal(0x84u, bench.In(Command));
        Assert.False(Intr);
        bench.Out(Command, 0x0b);
        Assert.Equal(0x10u, bench.In(Command));
    }

    [Fact]
    public void LevelTriggered_Asserted_ComesAgainAfterEoi()
    {
        bench.Out(0x4d0, 0x20);
        bench.Drive("irq", 5, true);
        Assert.Equal(0x25, Acknowledge());
        bench.Out(Command, 0x20);
        Assert.True(Intr);
        bench.Drive("irq", 5, false);
        Assert.False(Intr);
    }

    [Fact]
    public void EdgeLevelRegisters_TakeOnlySharableInputs()
    {
        bench.Out(0x4d0, 0xffff, size: 2);
        Assert.Equal(0xdef8u, bench.In(0x4d0, 2));
    }

    [Fact]
    public void Initialization_ForgetsRequestsAndMasks()
    {
        Edge(1);
        bench.Out(Data, 0xff);
        bench.Out(Command, 0x11);
        Assert.False(Intr);
        Assert.Equal(0x00u, bench.In(Command));
        Assert.Equal(0x00u, bench.In(Data));
    }
}
