using Hv.Sdk.State;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Device;

/// <summary>What a device does while it runs.</summary>
internal static class Behaviour
{
    public static void IsDescribed(DeviceSubject subject, CheckRun run)
    {
        Description.RequireComplete<DeviceAttribute>(subject.Factory, subject.Factory.Options);
        using DeviceBench bench = subject.NewBench();
        CheckRun.Require(!bench.HasState || bench.Device is IStateful,
            $"{bench.Device.GetType().Name} is neither IStateful nor [NoState]");
    }

    public static void IsDeterministic(DeviceSubject subject, CheckRun run)
    {
        // All first runs before all second ones: what looks at a clock of the host sees that time has passed.
        List<(int Seed, Trace First)> firsts =
            [.. run.Seeds(Math.Max(4, subject.Seeds / 2)).Select(s => (s, Trace.Record(subject, s, subject.Setup)))];
        Dictionary<int, Trace> bySeed = firsts.ToDictionary(f => f.Seed, f => f.First);
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 2)))
        {
            if (bySeed[seed].Difference(Trace.Record(subject, seed, subject.Setup)) is { } difference) CheckRun.Fail(
                $"the second run differs: {difference}");
        }
    }

    public static void SharesNothing(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 4)))
        {
            Trace alone = Trace.Record(subject, seed, subject.Setup);
            using DeviceBench other = subject.NewBench(seed + 1);
            Random random = new(seed + 1);
            Trace beside = Trace.Record(subject, seed, subject.Setup, () => subject.Next(random, other).Apply(other));
            if (alone.Difference(beside) is { } difference) CheckRun.Fail($"beside another device: {difference}");
        }
    }

    public static void IsTransparent(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 2)))
        {
            Trace plain = Trace.Record(subject, seed, subject.Setup);
            Trace decorated = Trace.Record(
                subject, seed, subject.Setup with { Decorate = c => new PassThroughContext(c, new CallWatch()) });
            if (plain.Difference(decorated) is { } difference) CheckRun.Fail($"with decorators: {difference}");
        }
    }

    public static void AnswersAnything(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(subject.Seeds * 2))
        {
            using DeviceBench bench = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps * 4; i++)
            {
                BenchStep step = subject.Next(random, bench);
                history.Add(step);
                history.Guard(() => step.Apply(bench));
            }
        }
    }

    public static void AllocatesNothing(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(4))
        {
            // What allocates in one pass only was the runtime, starting up.
            HashSet<int> suspects = AllocatingSteps(subject, seed, out BenchStep[] steps);
            for (int pass = 0; pass < 4 && suspects.Count > 0; pass++) suspects.IntersectWith(
                AllocatingSteps(subject, seed, out steps));
            CheckRun.Require(suspects.Count == 0, suspects.Count == 0 ? ""
                : $"'{steps[suspects.Min()]}' (step {suspects.Min()}, one of {suspects.Count}) allocates");
        }
    }

    private static HashSet<int> AllocatingSteps(DeviceSubject subject, int seed, out BenchStep[] steps)
    {
        using DeviceBench bench = subject.NewBench(seed);
        Random random = new(seed);
        HashSet<int> found = [];
        steps = new BenchStep[subject.Steps];
        for (int i = 0; i < subject.Steps; i++)
        {
            BenchStep step = steps[i] = subject.Next(random, bench);
            long before = GC.GetAllocatedBytesForCurrentThread();
            step.Apply(bench);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes != 0 && (step.Kind is StepKind.Read or StepKind.Write or StepKind.Advance
                or StepKind.Drive)) found.Add(i);
        }
        return found;
    }

    public static void PeeksHarmlessly(DeviceSubject subject, CheckRun run)
    {
        NullInspector inspector = new();
        foreach (int seed in run.Seeds(subject.Seeds))
        {
            using DeviceBench reference = subject.NewBench(seed);
            using DeviceBench looked = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, reference);
                history.Add(step);
                history.Guard(() =>
                {
                    step.Apply(reference);
                    step.Apply(looked);
                    if (RandomSteps.Access(random, looked) is { } look) _ =
                        looked.Peek(look.Space, look.Address, look.Size, out _);
                    (looked.Device as IInspectable)?.Inspect(inspector);
                    if (looked.Difference(reference) is { } difference) CheckRun.Fail(
                        $"looked at / left alone: {difference}");
                });
            }
        }
    }

    public static void ResetsCold(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(subject.Seeds))
        {
            using DeviceBench bench = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, bench);
                history.Add(step);
                step.Apply(bench);
            }
            bench.Chars.DropWaiting();
            bench.Reset(ResetKind.Cold);
            using DeviceBench fresh = bench.FreshTwin();
            history.Guard(() =>
            {
                if (bench.DeviceDifference(fresh) is { } difference) CheckRun.Fail($"reset / fresh: {difference}");
            });
        }
    }

    private sealed class NullInspector : IInspector
    {
        public void Field(string name, ulong value) { }
        public void Field(string name, string value) { }
        public void Child(string name, IInspectable child) => child.Inspect(this);
    }
}
