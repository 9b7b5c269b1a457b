using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Management;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.AcpiPm.Tests;

public sealed class AcpiPmConformance : DeviceConformance<AcpiPmPlugin>
{
    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.Out(0x602, (uint)random.Next(0x10000), 2);
        bench.Out(0x622, 0xffff, 2);
    }
}

public sealed class AcpiPmTests : IDisposable
{
    private const ushort Status = 0x600, Enable = 0x602, Control = 0x604, Timer = 0x608, GpeStatus = 0x620,
        GpeEnable = 0x622;
    private const long HalfWrapNs = 599_932_015_941; // 2^31 / 3579545 Hz, rounded up
    private readonly DeviceBench bench = DeviceBench.Create(new AcpiPmPlugin());

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Timer_AfterOneSecond_HasCountedItsFrequency()
    {
        bench.Advance(1_000_000_000);
        Assert.Equal(3_579_545u, bench.In(Timer, 4));
    }

    [Fact]
    public void TimerStatus_WhenTheHighestBitChanges_IsSetUntilCleared()
    {
        Assert.Equal(0u, bench.In(Status, 2) & 1);
        bench.Advance(HalfWrapNs);
        Assert.Equal(1u, bench.In(Status, 2) & 1);
        bench.Out(Status, 1, 2);
        Assert.Equal(0u, bench.In(Status, 2) & 1);
        bench.Advance(HalfWrapNs);
        Assert.Equal(1u, bench.In(Status, 2) & 1);
    }

    [Fact]
    public void TimerInterrupt_WhenEnabled_RaisesTheSciByItself()
    {
        bench.Out(Enable, 1, 2);
        bench.Advance(HalfWrapNs - 1000);
        Assert.False(bench.Line("sci").Level);
        bench.Advance(2000);
        Assert.True(bench.Line("sci").Level);
        bench.Out(Status, 1, 2);
        Assert.False(bench.Line("sci").Level);
    }

    [Fact]
    public void PowerButton_Pressed_RaisesTheSciWhenEnabled()
    {
        bench.Service<IPowerButton>().Press();
        Assert.False(bench.Line("sci").Level);
        Assert.Equal(0x100u, bench.In(Status, 2));
        bench.Out(Enable, 0x100, 2);
        Assert.True(bench.Line("sci").Level);
        bench.Out(Status, 0x100, 2);
        Assert.False(bench.Line("sci").Level);
        Assert.Equal(0u, bench.In(Status, 2));
    }

    [Theory]
    [InlineData(0x2000u | 5 << 10, 1)]
    [InlineData(0x2000u | 1 << 10, 0)]
    [InlineData(5u << 10, 0)]
    public void Control_WithSleepEnable_PowersOffForS5Only(uint value, int powerOffs)
    {
        bench.Out(Control, value, 2);
        Assert.Equal(powerOffs, bench.Machine.PowerOffs);
        Assert.Equal((value & 0x1c00) | 1, bench.In(Control, 2));
    }

    [Fact]
    public void GeneralPurposeEvent_OnAnInput_IsLatchedAndCleared()
    {
        bench.Out(GpeEnable, 0x20, 2);
        bench.Drive("gpe", 5, true);
        bench.Drive("gpe", 5, false);
        Assert.True(bench.Line("sci").Level);
        Assert.Equal(0x20u, bench.In(GpeStatus, 2));
        bench.Out(GpeStatus, 0x20, 2);
        Assert.False(bench.Line("sci").Level);
    }

    [Fact]
    public void ResetRegister_OnTheRisingTrigger_ResetsOnce()
    {
        bench.Out(0xcf9, 0x02);
        Assert.Equal(0, bench.Machine.Resets);
        bench.Out(0xcf9, 0x06);
        Assert.Equal((1, ResetKind.Warm), (bench.Machine.Resets, bench.Machine.LastReset));
        Assert.Equal(0x02u, bench.In(0xcf9));
    }

    [Fact]
    public void ResetRegister_TurnedOff_IsNotDecoded()
    {
        using DeviceBench other = DeviceBench.Create(new AcpiPmPlugin(),
            new BenchSetup { Options = new Dictionary<string, string> { ["reset-register"] = "off" } });
        other.Out(0xcf9, 0x06);
        Assert.Equal(0, other.Machine.Resets);
    }
}
