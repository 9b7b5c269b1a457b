using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Misc.DebugExit.Tests;

public sealed class DebugExitConformance : DeviceConformance<DebugExitPlugin>;

public sealed class DebugExitTests
{
    [Theory]
    [InlineData(0u, 1)]
    [InlineData(0x10u, 0x21)]
    [InlineData(0xffu, 0xff)]
    public void Write_OfV_EndsWithTwiceVPlusOne(uint value, byte code)
    {
        using DeviceBench bench = DeviceBench.Create(new DebugExitPlugin());
        bench.Out(0xf4, value);
        Assert.Equal((1, code), (bench.Machine.Exits, bench.Machine.ExitCode));
    }

    [Fact]
    public void Port_WhenGiven_Moves()
    {
        using DeviceBench bench = DeviceBench.Create(new DebugExitPlugin(),
            new BenchSetup { Options = new Dictionary<string, string> { ["port"] = "0x501" } });
        bench.Out(0xf4, 1);
        Assert.Equal(0, bench.Machine.Exits);
        bench.Out(0x501, 1);
        Assert.Equal(1, bench.Machine.Exits);
    }
}
