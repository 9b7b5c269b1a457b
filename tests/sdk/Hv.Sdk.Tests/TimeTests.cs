using Hv.Sdk.Time;

namespace Hv.Sdk.Tests;

public sealed class TimeTests
{
    [Theory]
    [InlineData(1_193_182ul)]
    [InlineData(3_579_545ul)]
    [InlineData(100_000_000ul)]
    [InlineData(1_000_000_000ul)]
    public void TimeOf_IsTheFirstMomentOfATick(ulong hz)
    {
        ClockDomain clock = new(hz);
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            ulong ticks = (ulong)random.NextInt64(1, 1L << 40);
            VmTime at = clock.TimeOf(ticks);
            Assert.Equal(ticks, clock.TicksAt(at));
            Assert.Equal(ticks - 1, clock.TicksAt(at.AddNs(-1)));
        }
    }

    [Fact]
    public void TicksAt_AfterACentury_HasNotDrifted() =>
        Assert.Equal(3_579_545ul * 3_155_760_000,
            new ClockDomain(3_579_545).TicksAt(VmTime.FromNs(3_155_760_000L * 1_000_000_000)));

    [Fact]
    public void TimeOf_OutOfRange_IsNever() => Assert.Equal(VmTime.Never, new ClockDomain(1).TimeOf(ulong.MaxValue));

    [Fact]
    public void AddNs_BeyondTheEnd_StaysNever()
    {
        Assert.Equal(VmTime.Never, VmTime.Never.AddNs(1));
        Assert.Equal(VmTime.FromNs(5), VmTime.FromNs(7).AddNs(-2));
        Assert.True(VmTime.Zero < VmTime.Never);
    }
}
