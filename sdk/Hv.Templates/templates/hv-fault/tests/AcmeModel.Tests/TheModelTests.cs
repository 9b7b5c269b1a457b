using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Time;

namespace AcmeModel.Tests;

/// <summary>What this fault does.</summary>
public sealed class TheModelTests
{
    private readonly Rule rule = new();
    private readonly IIoHandler registers;

    public TheModelTests()
    {
        var options = new OptionValues(new Dictionary<string, string> { ["bit"] = "3" });
        var fault = (IFaultDecorator<IIoHandler>)new TheModelPlugin().Create(options);
        registers = fault.Decorate(new Zeroes(), rule.Site, rule);
    }

    private ulong Read(int size, IoFlags flags = IoFlags.None)
    {
        IoAccess access = new() { Offset = 5, Size = (byte)size, Flags = flags };
        Assert.Equal(IoStatus.Ok, registers.Read(access, out ulong value));
        return value;
    }

    [Fact]
    public void Read_WhenTheRuleStrikes_IsWrongInOneBitAndSaysSo()
    {
        rule.IsStriking = true;

        Assert.Equal(8ul, Read(1));
        Assert.Equal("read of offset 5h: 0h became 8h", Assert.Single(rule.Evidence));
    }

    [Fact]
    public void Read_WhenTheRuleDoesNotStrike_IsRight()
    {
        Assert.Equal(0ul, Read(1));
        Assert.Empty(rule.Evidence);
    }

    [Fact]
    public void Read_OfADebugger_IsNoOpportunity()
    {
        rule.IsStriking = true;

        Assert.Equal(0ul, Read(1, IoFlags.Debug));
        Assert.Equal(0, rule.Opportunities);
    }

    private sealed class Zeroes : IIoHandler
    {
        public IoStatus Read(in IoAccess access, out ulong value)
        {
            value = 0;
            return IoStatus.Ok;
        }

        public IoStatus Write(in IoAccess access, ulong value) => IoStatus.Ok;
    }

    /// <summary>A rule in the hands of a test.</summary>
    private sealed class Rule : IFaultScope
    {
        public bool IsStriking { get; set; }
        public int Opportunities { get; private set; }
        public List<string> Evidence { get; } = [];

        string IFaultScope.Rule => "test";
        public FaultSite Site { get; } = new() { Path = "dev0", Point = "region:registers" };
        public IVmClock Clock => throw new NotSupportedException();
        public IDmaSpace Memory => throw new NotSupportedException();
        public IEntropy Entropy => throw new NotSupportedException();
        public IStrand Strand => throw new NotSupportedException();

        public bool Strikes()
        {
            Opportunities++;
            return IsStriking;
        }

        public void Fired(string evidence) => Evidence.Add(evidence);
        public void AtMoments(Action strike) => throw new NotSupportedException();
        public IVmTimer CreateTimer(string name, Action<VmTime> fired) => throw new NotSupportedException();
        public void CutPower(string reason) => throw new NotSupportedException();
    }
}
