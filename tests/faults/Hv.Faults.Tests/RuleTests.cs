using Hv.Faults.BitFlips;
using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Sdk.TestKit;

namespace Hv.Faults.Tests;

/// <summary>The words that say when and where.</summary>
public sealed class RuleTests
{
    private static BenchFault Flips(string words) => new(new BitFlipsPlugin(), "where=region:io,mask=1," + words);

    [Fact]
    public void While_TheStateHolds_TheRuleCounts()
    {
        using DeviceBench bench = Probe.Bench(Flips("while=mode=3,nth=2"));
        Probe probe = Probe.On(bench);
        uint[] seen = [.. ((ulong[])[0, 3, 2, 3, 3]).Select(mode =>
        {
            probe.Mode = mode;
            return bench.In(Probe.Port);
        })];
        Assert.Equal([0, 0, 0, 1, 0], seen.Select(s => (int)s));
    }

    [Theory]
    [InlineData("mode=5", true)]
    [InlineData("mode!=5", false)]
    [InlineData("mode>4", true)]
    [InlineData("mode<5", false)]
    [InlineData("mode>=5", true)]
    [InlineData("mode<=4", false)]
    [InlineData("mode&0x4", true)]
    [InlineData("mode&2", false)]
    [InlineData("part/name=x", true)]
    [InlineData("part/name!=x", false)]
    [InlineData("part/mode=5", false)]
    [InlineData("nothing=0", false)]
    public void Condition_ComparesTheFieldThatItNames(string text, bool holds)
    {
        Assert.True(FaultCondition.TryRead(text, out FaultCondition condition));
        Assert.Null(condition.Path);
        Assert.Equal(holds, condition.Holds(new Shown()));
    }

    [Theory]
    [InlineData("mode")]
    [InlineData("=5")]
    [InlineData("mode=")]
    [InlineData("mode>high")]
    [InlineData("")]
    public void Condition_ThatIsNone_IsRefused(string text) => Assert.False(FaultCondition.TryRead(text, out _));

    [Fact]
    public void Condition_OfAnotherDevice_NamesIt()
    {
        Assert.True(FaultCondition.TryRead("disk0.virtio/status&0x4", out FaultCondition condition));
        Assert.Equal(("disk0", "virtio/status"), (condition.Path, condition.Field));
        Assert.Equal(["mode", "part/name"], FaultCondition.FieldsOf(new Shown()));
    }

    [Theory]
    [InlineData("probability=0", "probability")]
    [InlineData("probability=2", "probability")]
    [InlineData("probability=x%", "probability")]
    [InlineData("nth=1,every=2", "every")]
    [InlineData("after=2s,until=1s", "until")]
    [InlineData("while=?", "while")]
    public void When_ThatContradictsItself_NamesTheWord(string words, string option)
    {
        Dictionary<string, string> texts =
            words.Split(',').Select(w => w.Split('=', 2)).ToDictionary(w => w[0], w => w[1]);
        ConfigurationException refused = Assert.Throws<ConfigurationException>(
            () => FaultWhen.From(OptionTexts.Bind(FaultWhen.Schema, texts)));
        Assert.Equal(option, refused.Option);
    }

    [Theory]
    [InlineData("disk0", "disk0", "drive", true)]
    [InlineData("disk0", "disk01", "drive", false)]
    [InlineData("disk*:irq:*", "disk7", "irq:intx", true)]
    [InlineData("disk*:irq", "disk7", "irq:intx", false)]
    [InlineData("*:dma", "net0", "dma", true)]
    [InlineData("serial?:region:io", "serial0", "region:io", true)]
    public void Pattern_MatchesPathAndPoint(string pattern, string path, string point, bool matches) =>
        Assert.Equal(matches, new FaultPattern(pattern).Matches(new FaultSite { Path = path, Point = point }));

    [Fact]
    public void Rules_OnOnePlace_AreNestedInTheirOrder()
    {
        using DeviceBench bench =
            Probe.Bench(Flips("count=2"), new BenchFault(new BitFlipsPlugin(), "where=region:io,mask=6,nth=2"));
        Assert.Equal([1, 7, 0], Enumerable.Range(0, 3).Select(_ => (int)bench.In(Probe.Port)));
        Assert.Equal(["bit-flips", "bit-flips-2"], bench.Faults.Select(f => f.Name));
        Assert.Equal("read of 1 bytes at offset 0x0: 0x1 became 0x7", bench.Faults[1].Firings[0].Evidence);
    }

    [Fact]
    public void Bench_ThatTakesFaults_TakesOneLater()
    {
        using DeviceBench bench =
            DeviceBench.Create(new Serial.Uart16550.Uart16550Plugin(), new BenchSetup { TakesFaults = true });
        Assert.Equal(0x60u, bench.In(0x3fd));
        FaultRule rule =
            bench.AddFault(new BenchFault(new BitFlipsPlugin(),
                "where=region:*,mask=0x60,direction=read,address=5,length=1"));
        Assert.Equal(0u, bench.In(0x3fd));
        rule.IsEnabled = false;
        Assert.Equal(0x60u, bench.In(0x3fd));
        ContractException refused = Assert.Throws<ContractException>(
            () => bench.AddFault(new BenchFault(new BitFlipsPlugin(), "where=drive")));
        Assert.Contains("dut:chardev", refused.Message, StringComparison.Ordinal);
    }

    private sealed class Shown : IInspectable
    {
        public void Inspect(IInspector to)
        {
            to.Field("mode", 5);
            to.Child("part", new Part());
        }

        private sealed class Part : IInspectable
        {
            public void Inspect(IInspector to) => to.Field("name", "x");
        }
    }
}
