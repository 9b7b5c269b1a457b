using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Misc.Pvpanic.Tests;

public sealed class PvpanicConformance : DeviceConformance<PvpanicPlugin>;

public sealed class PvpanicTests
{
    [Theory]
    [InlineData(1u, 1)]
    [InlineData(3u, 1)]
    [InlineData(2u, 0)]
    [InlineData(0u, 0)]
    [InlineData(0xfcu, 0)]
    public void Write_OnlyAPanicThatNobodyHandles_IsACrash(uint value, int crashes)
    {
        using DeviceBench bench = DeviceBench.Create(new PvpanicPlugin());

        bench.Out(0x505, value);

        Assert.Equal(crashes, bench.Machine.Crashes);
    }

    [Fact]
    public void Read_GivesTheEventsThatAreUnderstood()
    {
        using DeviceBench bench = DeviceBench.Create(new PvpanicPlugin());

        Assert.Equal(3u, bench.In(0x505));
    }
}
