using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.IoApic.Tests;

public sealed class IoApicTests : IDisposable
{
    private const ulong Base = 0xfec0_0000;
    private readonly DeviceBench bench = DeviceBench.Create(new IoApicPlugin(), new BenchSetup { HasCharPort = false });

    public void Dispose() => bench.Dispose();

    private uint this[int index]
    {
        get
        {
            bench.WriteMmio(Base, (uint)index);
            return (uint)bench.ReadMmio(Base + 0x10);
        }
        set
        {
            bench.WriteMmio(Base, (uint)index);
            bench.WriteMmio(Base + 0x10, value);
        }
    }

    private void Route(int pin, uint low, uint high = 0)
    {
        this[0x11 + pin * 2] = high;
        this[0x10 + pin * 2] = low;
    }

    private void Edge(int pin)
    {
        bench.Drive("pin", pin, true);
        bench.Drive("pin", pin, false);
    }

    private void EndOfInterrupt(byte vector) =>
        bench.Run(() => bench.Service<IEndOfInterruptListener>().EndOfInterrupt(vector));

    [Fact]
    public void Registers_AfterPowerOn_SayVersion20hAnd24MaskedPins()
    {
        Assert.Equal(0x0017_0020u, this[1]);
        Assert.Equal(0u, this[0]);
        for (int pin = 0; pin < 24; pin++) Assert.Equal((0x1_0000u, 0u), (this[0x10 + pin * 2], this[0x11 + pin * 2]));
        Assert.Equal(0u, this[0x40]);
    }

    [Fact]
    public void Id_Written_ReadsBackInFourBits()
    {
        this[0] = 0xffff_ffff;
        Assert.Equal(0x0f00_0000u, this[0]);
    }

    [Fact]
    public void Edge_OnAnOpenPin_SendsOneMessage()
    {
        Route(4, 0x0000_0931, 0x0500_0000);
        Edge(4);
        Assert.Equal(1, bench.Msi.Count);
        Assert.Equal((0xfee0_5004ul, 0x4131u), (bench.Msi.Last!.Value.Address, bench.Msi.Last.Value.Data));
        Edge(4);
        Assert.Equal(2, bench.Msi.Count);
    }

    [Fact]
    public void Edge_OnAMaskedPin_IsSentWhenUnmasked()
    {
        Route(4, 0x0001_0031);
        Edge(4);
        Assert.Equal(0, bench.Msi.Count);
        Route(4, 0x0000_0031);
        Assert.Equal(1, bench.Msi.Count);
    }

    [Fact]
    public void Level_UntilEoi_IsSentOnceAndAgainWhileAsserted()
    {
        Route(16, 0x0000_a041);
        bench.Drive("pin", 16, true);
        Assert.Equal(1, bench.Msi.Count);
        Assert.Equal(0xc041u, bench.Msi.Last!.Value.Data);
        Assert.Equal(0x0000_e041u, this[0x30]);
        EndOfInterrupt(0x40);
        Assert.Equal(1, bench.Msi.Count);
        EndOfInterrupt(0x41);
        Assert.Equal(2, bench.Msi.Count);
        bench.Drive("pin", 16, false);
        EndOfInterrupt(0x41);
        Assert.Equal(2, bench.Msi.Count);
        Assert.Equal(0x0000_a041u, this[0x30]);
    }

    [Fact]
    public void EoiRegister_Vector_EndsThatVectorOnly()
    {
        Route(16, 0x8041);
        Route(17, 0x8042);
        bench.Drive("pin", 16, true);
        bench.Drive("pin", 17, true);
        bench.WriteMmio(Base + 0x40, 0x42);
        Assert.Equal(3, bench.Msi.Count);
        Assert.Equal(0x42u, bench.Msi.Last!.Value.Data & 0xff);
    }

    [Fact]
    public void Level_AssertedWhileMasked_IsSentWhenUnmasked()
    {
        Route(20, 0x0001_8041);
        bench.Drive("pin", 20, true);
        Assert.Equal(0, bench.Msi.Count);
        Route(20, 0x0000_8041);
        Assert.Equal(1, bench.Msi.Count);
    }

    [Fact]
    public void RemoteIrr_SwitchedToEdgeAndBack_IsCleared()
    {
        Route(16, 0x8041);
        bench.Drive("pin", 16, true);
        bench.Drive("pin", 16, false);
        Route(16, 0x1_0041);
        Route(16, 0x8041);
        Assert.Equal(0x8041u, this[0x30]);
    }

    [Fact]
    public void ReadOnlyBits_Written_StayAsTheyAre()
    {
        Route(3, 0xffff_ffff, 0xffff_ffff);
        Assert.Equal((0x0001_afffu, 0xff00_0000u), (this[0x16], this[0x17]));
    }
}
