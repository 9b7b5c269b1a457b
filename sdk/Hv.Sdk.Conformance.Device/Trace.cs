using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Sdk.Conformance.Device;

/// <summary>What a run showed to the guest and to the board, a number a step: two runs that are the same have equal
/// traces.</summary>
internal sealed class Trace
{
    private const int StateEvery = 16;
    private readonly List<(BenchStep Step, int Seen)> steps = [];

    /// <summary>Makes <paramref name="subject"/>'s steps of a seed on a bench; <paramref name="between"/> runs after
    /// each.</summary>
    public static Trace Record(DeviceSubject subject, int seed, BenchSetup setup, Action? between = null)
    {
        Trace trace = new();
        using DeviceBench bench = subject.NewBench(seed, setup);
        Random random = new(seed);
        for (int i = 0; i < subject.Steps; i++)
        {
            BenchStep step = subject.Next(random, bench);
            ulong value = step.Apply(bench);
            trace.steps.Add((step, Look(bench, value, withState: i % StateEvery == 0 || i == subject.Steps - 1)));
            between?.Invoke();
        }
        return trace;
    }

    /// <summary>Null when both are the same; otherwise the first step that showed something else.</summary>
    public string? Difference(Trace other)
    {
        for (int i = 0; i < Math.Min(steps.Count, other.steps.Count); i++)
        {
            if (steps[i].Seen == other.steps[i].Seen) continue;
            return $"step {i}, '{steps[i].Step}', shows something else (values, lines, messages, timers or state)";
        }
        return null;
    }

    private static int Look(DeviceBench bench, ulong value, bool withState)
    {
        HashCode hash = default;
        hash.Add(value);
        foreach (BenchLine line in bench.Lines)
        {
            hash.Add(line.Level);
            hash.Add(line.RisingEdges);
        }
        hash.Add(bench.Msi.Count);
        if (bench.Msi.Last is { } message) hash.Add((message.Address, message.Data));
        hash.Add(bench.NextDue);
        hash.Add(bench.Chars.SentCount);
        hash.Add((bench.Machine.Resets, bench.Machine.PowerOffs, bench.Machine.Crashes, bench.Machine.Exits));
        hash.Add(bench.Log.GuestErrors);
        if (withState)
        {
            hash.AddBytes(bench.SaveState());
            hash.AddBytes(bench.Memory.Bytes);
        }
        return hash.ToHashCode();
    }
}
