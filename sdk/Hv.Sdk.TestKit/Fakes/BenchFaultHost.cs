using Hv.Sdk.FaultRules;
using Hv.Sdk.Memory;
using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>The bench as fault rules need it.</summary>
internal sealed class BenchFaultHost(DeviceBench bench, IVmClock clock, IStrand strand) : IFaultHost
{
    public IVmClock Clock => clock;
    public IDmaSpace Memory => bench.Memory;
    public IStrand Strand => strand;

    /// <summary>Timers of faults: no reset cancels them, and they are no part of what is compared of the
    /// device.</summary>
    public List<BenchTimer> Timers { get; } = [];

    public IFaultEntropy CreateEntropy(string name) => new Stream(bench.Setup.Seed ^ HashOf(name));

    public IVmTimer CreateTimer(string name, IStrand on, Action<VmTime> fired)
    {
        BenchTimer timer = new(name, fired);
        Timers.Add(timer);
        return timer;
    }

    public bool Holds(string path, FaultCondition condition) =>
        path == DeviceBench.Path && bench.Device is IInspectable inspectable && condition.Holds(inspectable);

    public void Fired(FaultRule rule, FaultFiring firing)
    {
    }

    public void CutPower(string reason) => bench.Machine.CutPower(reason);

    // string.GetHashCode differs from run to run.
    private static int HashOf(string name) => name.Aggregate(17, (hash, c) => hash * 31 + c);

    private sealed class Stream(int seed) : IFaultEntropy
    {
        private BenchEntropy entropy = new(seed);
        private ulong position;

        public ulong Position
        {
            get => position;
            set
            {
                entropy = new BenchEntropy(seed, value);
                position = value;
            }
        }

        public void Fill(Span<byte> destination)
        {
            entropy.Fill(destination);
            position += (ulong)destination.Length;
        }
    }
}
