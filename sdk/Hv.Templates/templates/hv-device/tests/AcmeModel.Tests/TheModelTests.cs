using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace AcmeModel.Tests;

/// <summary>What every device must pass, a test for each check.</summary>
public sealed class TheModelConformance : DeviceConformance<TheModelPlugin>;

/// <summary>What this device does.</summary>
public sealed class TheModelTests : IDisposable
{
    private const ushort Port = 0x310;
    private readonly DeviceBench bench = DeviceBench.Create(new TheModelPlugin());

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Write_SetsTheLines()
    {
        bench.Out(Port, 0b1000_0001);

        Assert.Equal(0b1000_0001u, bench.In(Port));
        Assert.True(bench.Line("out0").Level);
        Assert.False(bench.Line("out1").Level);
        Assert.True(bench.Line("out7").Level);
    }

    [Fact]
    public void Restore_DrivesTheLinesAtOnce()
    {
        bench.Out(Port, 0x02);

        using DeviceBench twin = DeviceBench.Restore(bench.Save());

        Assert.True(twin.Line("out1").Level);
    }
}
