using Hv.Faults.ClockJumps;
using Hv.Sdk.TestKit;
using Hv.Sdk.Time;

namespace Hv.Faults.Tests;

public sealed class ClockTests
{
    private static DeviceBench Bench(string words) => Probe.Bench(new BenchFault(new ClockJumpsPlugin(), words));

    [Fact]
    public void Clock_ThatJumpsForward_TakesDeadlinesWithIt()
    {
        using DeviceBench bench = Bench("forward=1s,after=1ms");
        Probe probe = Probe.On(bench);
        bench.Run(() => probe.Timer.Arm(VmTime.FromNs(500_000_000)));
        bench.Advance(999_999);
        Assert.Equal(999_999, probe.Context.Clock.Now.Nanoseconds);
        bench.Advance(1);
        Assert.Equal(1_001_000_000, probe.Context.Clock.Now.Nanoseconds);
        // A deadline that was jumped over is due at once.
        Assert.Equal([(500_000_000L, 1_001_000_000L)], probe.Fired);
        bench.Run(() => probe.Timer.Arm(VmTime.FromNs(1_002_000_000)));
        Assert.Equal(1_002_000_000, probe.Timer.Due.Nanoseconds);
        bench.Advance(1_000_000);
        Assert.Equal((1_002_000_000L, 1_002_000_000L), probe.Fired[^1]);
    }

    [Fact]
    public void Clock_ThatJumpsBack_NeverGoesBelowZero()
    {
        using DeviceBench bench = Bench("back=1s,after=10ms,period=10ms,count=2");
        Probe probe = Probe.On(bench);
        bench.Advance(10_000_000);
        Assert.Equal(0, probe.Context.Clock.Now.Nanoseconds);
        bench.Advance(5_000_000);
        Assert.Equal(5_000_000, probe.Context.Clock.Now.Nanoseconds);
        bench.Advance(5_000_000);
        Assert.Equal(0, probe.Context.Clock.Now.Nanoseconds);
    }

    [Theory]
    [InlineData("faster-ppm=100000", 1_100_000_000)]
    [InlineData("slower-ppm=100000", 900_000_000)]
    public void Clock_ThatDrifts_GoesOnDriftingInARestoredTwin(string words, long shown)
    {
        using DeviceBench bench = Bench(words);
        bench.Advance(500_000_000);
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        twin.Advance(500_000_000);
        Assert.Equal(shown, Probe.On(twin).Context.Clock.Now.Nanoseconds);
        twin.Run(() => Probe.On(twin).Timer.Arm(VmTime.FromNs(2 * shown)));
        twin.Advance(1_000_000_000);
        Assert.Equal(2 * shown, Assert.Single(Probe.On(twin).Fired).NowNs);
    }

    [Theory]
    [InlineData("late=3ms,nth=1", 13_000_000)]
    [InlineData("early=3ms,nth=1", 7_000_000)]
    [InlineData("early=1s,nth=1", 0)]
    public void Timer_LateOrEarly_FiresThenAndNamesItsOwnDeadline(string words, long firesAt)
    {
        using DeviceBench bench = Bench("where=timer:t," + words);
        Probe probe = Probe.On(bench);
        probe.Timer.Arm(VmTime.FromNs(10_000_000));
        Assert.Equal(10_000_000, probe.Timer.Due.Nanoseconds);
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        foreach (DeviceBench b in (DeviceBench[])[bench, twin])
        {
            b.Advance(20_000_000);
            Assert.Equal([(10_000_000L, firesAt)], Probe.On(b).Fired);
        }
        bench.Run(() => probe.Timer.Arm(VmTime.FromNs(30_000_000)));
        bench.Advance(20_000_000);
        Assert.Equal(30_000_000, probe.Fired[^1].NowNs);
    }

    [Theory]
    [InlineData("")]
    [InlineData("forward=1s,late=1s")]
    public void Options_ThatSayNothingOrBoth_AreRefused(string words) =>
        Assert.Throws<ContractException>(() => Bench(words));
}
