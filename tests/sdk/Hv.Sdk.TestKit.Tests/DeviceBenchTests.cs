namespace Hv.Sdk.TestKit.Tests;

public sealed class DeviceBenchTests
{
    private readonly DeviceBench bench =
        DeviceBench.Create(new CounterPlugin(), new BenchSetup { HasCharPort = false, MemoryBytes = 4096 });

    [Fact]
    public void Advance_WithATimer_FiresAtEachDeadline()
    {
        bench.Out(0x102, 1);
        bench.Advance(1_099_999);
        Assert.Equal(1_100_000, bench.NextDue.Nanoseconds);
        Assert.Equal(10u, bench.In(0x100));
    }

    [Fact]
    public void In_WhereNothingIs_GivesOnes() => Assert.Equal(0xffffu, bench.In(0x200, 2));

    [Fact]
    public void Restore_Twin_HasTheSameTimeAndLines()
    {
        bench.Out(0x102, 1);
        bench.Advance(350_000);
        DeviceBench twin = DeviceBench.Restore(bench.Save());
        Assert.Null(twin.Difference(bench));
        Assert.True(twin.Line("irq").Level);
        twin.Advance(100_000);
        Assert.NotNull(twin.Difference(bench));
    }

    [Fact]
    public void Reset_Device_LosesTimersAndLines()
    {
        bench.Out(0x102, 1);
        bench.Advance(500_000);
        bench.Reset(ResetKind.Warm);
        Assert.False(bench.Line("irq").Level);
        Assert.Equal(Time.VmTime.Never, bench.NextDue);
    }

    [Theory]
    [InlineData("0x10", OptionType.Number, "16")]
    [InlineData("64K", OptionType.Size, "65536")]
    [InlineData("20ms", OptionType.Duration, "20000000")]
    [InlineData("on", OptionType.Flag, "1")]
    public void Options_AsTyped_BecomeCanonical(string typed, OptionType type, string canonical)
    {
        OptionSchema schema = new([new OptionInfo { Name = "x", Type = type, Summary = "a value" }]);
        Assert.Equal(canonical, OptionTexts.Bind(schema, new Dictionary<string, string> { ["x"] = typed }).Text("x"));
        Assert.Throws<ContractException>(
            () => OptionTexts.Bind(schema, new Dictionary<string, string> { ["y"] = typed }));
    }
}
