using System.Reflection;
using Xunit;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>The checks that every device must pass. Derive a test class from it, and tell it how to set the device up:
/// <c>public sealed class Gpio8Conformance : DeviceConformance&lt;Gpio8Factory&gt;;</c></summary>
/// <typeparam name="TFactory">The device's exported factory.</typeparam>
public abstract class DeviceConformance<TFactory> where TFactory : IDeviceFactory, new()
{
    /// <summary>The machine around the device.</summary>
    protected virtual BenchSetup Setup { get; } = new();

    /// <summary>How many seeds each fuzz runs.</summary>
    protected virtual int Seeds => 24;

    /// <summary>How many steps a seed takes.</summary>
    protected virtual int Steps => 250;

    /// <summary>Brings the device to work, as its driver would, so that the fuzz starts where it matters. Every other seed runs it.
    /// The same random numbers must give the same calls.</summary>
    protected virtual void Prepare(DeviceBench bench, Random random) { }

    /// <summary>The next step of a fuzz. The same random numbers and device must give the same step.</summary>
    protected virtual BenchStep Next(Random random, DeviceBench bench) => RandomSteps.Next(random, bench);

    private DeviceBench NewBench() => DeviceBench.Create(new TFactory(), Setup);

    private DeviceBench NewBench(int seed)
    {
        DeviceBench bench = NewBench();
        if (seed % 2 == 0) Prepare(bench, new Random(seed));
        return bench;
    }

    /// <summary>What the factory and its device say about themselves is complete.</summary>
    [Fact]
    public void Factory_Described_IsComplete()
    {
        DeviceAttribute? name = typeof(TFactory).GetCustomAttribute<DeviceAttribute>();
        Assert.NotNull(name);
        Assert.Matches("^[a-z][a-z0-9-]*$", name.Name);
        Assert.All(new TFactory().Options.Options, o =>
        {
            Assert.Matches("^[a-z][a-z0-9-]*$", o.Name);
            Assert.NotEmpty(o.Summary);
        });
        using DeviceBench bench = NewBench();
        Assert.True(!bench.HasState || bench.Device is State.IStateful, "neither IStateful nor [NoState]");
    }

    /// <summary>A machine saved and restored between any two steps goes on as one that never was: values, lines, timers, messages.</summary>
    [Fact]
    public void Restore_BetweenAnyTwoSteps_GoesOnTheSame()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            using DeviceBench reference = NewBench(seed);
            DeviceBench subject = NewBench(seed);
            Random random = new(seed);
            History history = new(seed);
            for (int i = 0; i < Steps; i++)
            {
                BenchStep step = Next(random, reference);
                history.Add(step);
                history.Guard(() =>
                {
                    DeviceBench twin = DeviceBench.Restore(subject.Save());
                    subject.Dispose();
                    subject = twin;
                    ulong expected = step.Apply(reference), actual = step.Apply(subject);
                    if (expected != actual) throw new ContractException($"restored {actual:x}h / original {expected:x}h");
                    if (subject.Difference(reference) is { } difference) throw new ContractException($"restored / original: {difference}");
                });
            }
            subject.Dispose();
        }
    }

    /// <summary>Whatever a guest does, the device answers without an exception.</summary>
    [Fact]
    public void HostileGuest_AnyStep_NeverThrows()
    {
        for (int seed = 1000; seed < 1000 + Seeds * 2; seed++)
        {
            using DeviceBench bench = NewBench(seed);
            Random random = new(seed);
            History history = new(seed);
            for (int i = 0; i < Steps * 4; i++)
            {
                BenchStep step = Next(random, bench);
                history.Add(step);
                history.Guard(() => step.Apply(bench));
            }
        }
    }

    /// <summary>Accesses and timers allocate nothing once their code has run.</summary>
    [Fact]
    public void AccessesAndTimers_OnceWarm_AllocateNothing()
    {
        for (int seed = 2000; seed < 2004; seed++)
        {
            // What allocates in one pass only was the runtime, starting up.
            HashSet<int> suspects = AllocatingSteps(seed, out BenchStep[] steps);
            for (int pass = 0; pass < 4 && suspects.Count > 0; pass++) suspects.IntersectWith(AllocatingSteps(seed, out steps));
            if (suspects.Count > 0) Assert.Fail($"seed {seed}: '{steps[suspects.Min()]}' (step {suspects.Min()}, one of {suspects.Count}) allocates");
        }
    }

    private HashSet<int> AllocatingSteps(int seed, out BenchStep[] steps)
    {
        using DeviceBench bench = NewBench(seed);
        Random random = new(seed);
        HashSet<int> found = [];
        steps = new BenchStep[Steps];
        for (int i = 0; i < Steps; i++)
        {
            BenchStep step = steps[i] = Next(random, bench);
            long before = GC.GetAllocatedBytesForCurrentThread();
            step.Apply(bench);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes != 0 && (step.Kind is StepKind.Read or StepKind.Write or StepKind.Advance or StepKind.Drive)) found.Add(i);
        }
        return found;
    }

    /// <summary>A debugger may read anything at any time without a trace.</summary>
    [Fact]
    public void DebugRead_AnyOffset_ChangesNothing()
    {
        for (int seed = 3000; seed < 3000 + Seeds; seed++)
        {
            using DeviceBench reference = NewBench(seed);
            using DeviceBench subject = NewBench(seed);
            Random random = new(seed);
            History history = new(seed);
            for (int i = 0; i < Steps; i++)
            {
                BenchStep step = Next(random, reference);
                history.Add(step);
                history.Guard(() =>
                {
                    step.Apply(reference);
                    step.Apply(subject);
                    if (RandomSteps.Access(random, subject) is { } look) _ = subject.Peek(look.Space, look.Address, look.Size, out _);
                    if (subject.Difference(reference) is { } difference) throw new ContractException($"looked at / left alone: {difference}");
                });
            }
        }
    }

    /// <summary>After a power-on reset nothing is left of what was before.</summary>
    [Fact]
    public void ColdReset_AfterUse_EqualsFresh()
    {
        for (int seed = 4000; seed < 4000 + Seeds; seed++)
        {
            using DeviceBench bench = NewBench(seed);
            Random random = new(seed);
            History history = new(seed);
            for (int i = 0; i < Steps; i++)
            {
                BenchStep step = Next(random, bench);
                history.Add(step);
                step.Apply(bench);
            }
            bench.Chars.DropWaiting();
            bench.Reset(ResetKind.Cold);
            using DeviceBench fresh = bench.FreshTwin();
            history.Guard(() =>
            {
                if (bench.DeviceDifference(fresh) is { } difference) throw new ContractException($"reset / fresh: {difference}");
            });
        }
    }

    /// <summary>A damaged state file is refused with a StateException, or taken and then harmless.</summary>
    [Fact]
    public void Load_DamagedState_IsRefusedOrHarmless()
    {
        for (int seed = 5000; seed < 5000 + Seeds * 8; seed++)
        {
            using DeviceBench donor = NewBench(seed);
            if (!donor.HasState) return;
            Random random = new(seed);
            History history = new(seed);
            for (int i = 0; i < 20; i++) Next(random, donor).Apply(donor);
            byte[] damaged = StateDamage.Apply(random, donor.SaveState());
            history.Guard(() =>
            {
                using DeviceBench? victim = donor.TwinFrom(damaged);
                for (int i = 0; victim is not null && i < 100; i++)
                {
                    BenchStep step = Next(random, victim);
                    history.Add(step);
                    step.Apply(victim);
                }
            });
        }
    }
}
