using System.Numerics;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Memory;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Faults.Tests;

/// <summary>Rules without a device: for contracts that belong to the machine, its vCPUs or its disks.</summary>
internal sealed class FaultBench : IFaultHost, IVmClock
{
    private readonly int seed;
    private readonly List<Timer> timers = [];

    public FaultBench(int seed = 1)
    {
        this.seed = seed;
        Plan = new FaultPlan(this, isOpen: false);
    }

    public FaultPlan Plan { get; }
    public FaultRule Rule => Plan.Rules[0];
    public BenchMemory Memory { get; } = new(64 * 1024);
    public IStrand Strand { get; } = new NoStrand();
    public string? PowerCut { get; private set; }

    public VmTime Now { get; private set; }
    public long EpochUnixNs => 0;
    IVmClock IFaultHost.Clock => this;
    IDmaSpace IFaultHost.Memory => Memory;

    public FaultRule Add(IFaultFactory factory, string where, string words)
    {
        Dictionary<string, string> texts = words.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(w => w.Split('=')).ToDictionary(w => w[0], w => w[1]);
        bool IsWhen(string word) => FaultWhen.Schema.Options.Any(o => o.Name == word);
        OptionValues when = OptionTexts.Bind(FaultWhen.Schema, texts.Where(t => IsWhen(t.Key)).ToDictionary());
        OptionValues what = OptionTexts.Bind(factory.Options, texts.Where(t => !IsWhen(t.Key)).ToDictionary());
        return Plan.Add("rule", "kind", new FaultPattern(where), FaultWhen.From(when), factory.Create(what));
    }

    public void WireMemory() => Plan.Wire<IGuestMemory>("machine", "memory", Strand, new Ram(Memory));

    public void Advance(long ns)
    {
        VmTime end = Now.AddNs(ns);
        while (timers.Where(t => t.Due <= end).MinBy(t => t.Due) is { } next)
        {
            if (next.Due > Now) Now = next.Due;
            next.Fire();
        }
        Now = end;
    }

    IFaultEntropy IFaultHost.CreateEntropy(string name) => new Stream(seed);

    IVmTimer IFaultHost.CreateTimer(string name, IStrand strand, Action<VmTime> fired)
    {
        Timer timer = new(name, fired);
        timers.Add(timer);
        return timer;
    }

    bool IFaultHost.Holds(string path, FaultCondition condition) => false;

    void IFaultHost.Fired(FaultRule rule, FaultFiring firing)
    {
    }

    void IFaultHost.CutPower(string reason) => PowerCut = reason;

    private sealed class NoStrand : IStrand
    {
        public StrandScope Enter() => default;

        public void Exit()
        {
        }

        public void Post(Action work) => work();
    }

    private sealed class Ram(BenchMemory memory) : IGuestMemory
    {
        IReadOnlyList<MemoryRange> IGuestMemory.Ram { get; } = [new() { LengthBytes = (ulong)memory.Bytes.Length }];
        public IDmaSpace Space => memory;
    }

    private sealed class Timer(string name, Action<VmTime> fired) : IVmTimer
    {
        public string Name => name;
        public VmTime Due { get; private set; } = VmTime.Never;
        public void Arm(VmTime due) => Due = due;
        public void Cancel() => Due = VmTime.Never;

        public void Fire()
        {
            VmTime due = Due;
            Due = VmTime.Never;
            fired(due);
        }
    }

    private sealed class Stream(int seed) : IFaultEntropy
    {
        private Random random = new(seed);
        private ulong position;

        public ulong Position
        {
            get => position;
            set
            {
                random = new Random(seed);
                random.NextBytes(new byte[value]);
                position = value;
            }
        }

        public void Fill(Span<byte> destination)
        {
            random.NextBytes(destination);
            position += (ulong)destination.Length;
        }
    }
}

/// <summary>A vCPU that runs nothing.</summary>
internal sealed class FakeVcpu : IVcpu
{
    private VcpuState state;

    public int Runs { get; private set; }
    public int Kicks { get; private set; }
    public int Notified { get; private set; }
    public ulong Retired => 0;

    /// <summary>Bits that are set in the general registers.</summary>
    public int Bits
    {
        get
        {
            int bits = 0;
            foreach (ulong value in (ReadOnlySpan<ulong>)state.Gpr) bits += BitOperations.PopCount(value);
            return bits;
        }
    }

    public VcpuExit Run(in RunBudget budget)
    {
        Runs++;
        return new VcpuExit { Reason = VcpuExitReason.Kicked };
    }

    public void Kick() => Kicks++;
    public void Notify() => Notified++;
    public void ReadState(ref VcpuState to) => to = state;
    public void WriteState(in VcpuState from) => state = from;

    public void Dispose()
    {
    }
}
