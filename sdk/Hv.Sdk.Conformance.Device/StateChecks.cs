using Hv.Sdk.State;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Device;

/// <summary>What a device does when it is saved and restored.</summary>
internal static class StateChecks
{
    /// <summary>What a field is grown to: more than any device's own state, little enough to be tried with each
    /// field.</summary>
    private const int HugeBytes = 4 << 20;
    private const int HugeCount = 20_000;

    public static void SavesQuietly(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 4)))
        {
            using DeviceBench reference = subject.NewBench(seed);
            using DeviceBench saved = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, reference);
                history.Add(step);
                history.Guard(() =>
                {
                    step.Apply(reference);
                    step.Apply(saved);
                    byte[] first = saved.SaveState();
                    CheckRun.Require(first.AsSpan().SequenceEqual(saved.SaveState()), "two saves in a row differ");
                    if (saved.Difference(reference) is { } difference) CheckRun.Fail(
                        $"saved / not saved: {difference}");
                });
            }
        }
    }

    public static void IsFixedPoint(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        AtMoments(subject, run, every: 10, bench =>
        {
            byte[] state = bench.SaveState();
            using DeviceBench twin = DeviceBench.RestoreUnchecked(bench.Save());
            CheckRun.Require(state.AsSpan().SequenceEqual(twin.SaveState()),
                $"saved {Convert.ToHexString(state)}, after loading that {Convert.ToHexString(twin.SaveState())}");
        });
    }

    public static void DrivesOutputsAtOnce(DeviceSubject subject, CheckRun run) =>
        AtMoments(subject, run, every: 5, bench => DeviceBench.Restore(bench.Save()).Dispose());

    private static void AtMoments(DeviceSubject subject, CheckRun run, int every, Action<DeviceBench> look)
    {
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 2)))
        {
            using DeviceBench bench = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, bench);
                history.Add(step);
                step.Apply(bench);
                if (i % every == 0) history.Guard(() => look(bench));
            }
        }
    }

    public static void TwinGoesOn(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(subject.Seeds))
        {
            using DeviceBench reference = subject.NewBench(seed);
            DeviceBench restored = subject.NewBench(seed);
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, reference);
                history.Add(step);
                history.Guard(() =>
                {
                    DeviceBench twin = DeviceBench.Restore(restored.Save());
                    restored.Dispose();
                    restored = twin;
                    ulong expected = step.Apply(reference), actual = step.Apply(restored);
                    CheckRun.Require(expected == actual, $"restored {actual:x}h / original {expected:x}h");
                    if (restored.Difference(reference) is { } difference) CheckRun.Fail(
                        $"restored / original: {difference}");
                });
            }
            restored.Dispose();
        }
    }

    public static void RefusesDamage(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        foreach (int seed in run.Seeds(subject.Seeds * 4))
        {
            using DeviceBench donor = Donor(subject, seed, 20, out Random random);
            TryOn(subject, donor, random, "damaged at random", StateDamage.Apply(random, donor.SaveState()),
                steps: 100);
        }
        foreach (int seed in run.Seeds(2))
        {
            using DeviceBench donor = Donor(subject, seed, subject.Steps / 2, out Random random);
            foreach ((string what, byte[] state) in StateDamage.OneFieldEach(donor.SaveState())) TryOn(
                subject, donor, random, what, state, steps: 40);
        }
    }

    public static void IsBounded(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        foreach (int seed in run.Seeds(2))
        {
            using DeviceBench donor = Donor(subject, seed, subject.Steps / 2, out Random random);
            List<StateField> fields = StateFields.Read(donor.SaveState());
            foreach (int tag in fields.Where(f => f.Bytes is not null).Select(f => f.Tag).Distinct())
            {
                int at = fields.FindIndex(f => f.Tag == tag);
                StateField grown = fields[at] with { Bytes = [.. fields[at].Bytes!, .. new byte[HugeBytes]] };
                byte[]? saved = TryOn(subject, donor, random, $"field {tag} grown",
                    StateFields.Write(fields[..at].Append(grown).Concat(fields[(at + 1)..])), steps: 30);
                CheckRun.Require(saved is null || saved.Length < HugeBytes,
                    $"field {tag} is taken over with {HugeBytes} bytes: bound its length in Load");
                saved = TryOn(subject, donor, random, $"field {tag} repeated",
                    StateFields.Write(fields.Concat(Enumerable.Repeat(fields[at], HugeCount))), steps: 30);
                CheckRun.Require(saved is null || StateFields.Read(saved).Count < HugeCount,
                    $"field {tag} is taken over {HugeCount} times: bound its number in Load");
            }
        }
    }

    /// <summary>Restores a state and goes on from it; null when it was refused, otherwise what the device saves right
    /// after loading.</summary>
    private static byte[]? TryOn(
        DeviceSubject subject, DeviceBench donor, Random random, string what, byte[] state, int steps)
    {
        byte[]? saved = null;
        History history = new(what);
        history.Guard(() =>
        {
            using DeviceBench? victim = donor.TwinFrom(state);
            if (victim is null) return;
            saved = victim.SaveState();
            for (int i = 0; i < steps; i++)
            {
                BenchStep step = subject.Next(random, victim);
                history.Add(step);
                step.Apply(victim);
            }
        });
        return saved;
    }

    public static void IgnoresUnknown(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        foreach (int seed in run.Seeds(Math.Max(4, subject.Seeds / 2)))
        {
            using DeviceBench donor = Donor(subject, seed, subject.Steps / 2, out _);
            byte[] state = donor.SaveState();
            List<StateField> fields = StateFields.Read(state);
            int unknown = fields.Select(f => f.Tag).Append(0).Max() + 1000;
            fields.Insert(0, new StateField(unknown, ulong.MaxValue, null));
            fields.Insert(fields.Count / 2, new StateField(unknown + 1, 0, [0xff, 0xff, 0xff]));
            fields.Add(new StateField(unknown + 2, 0, new byte[300]));
            using DeviceBench? twin = donor.TwinFrom(StateFields.Write(fields));
            CheckRun.Require(twin is not null, "a state with further fields is refused");
            CheckRun.Require(state.AsSpan().SequenceEqual(twin.SaveState()),
                "further fields in the state changed what was taken over");
        }
    }

    public static void Upgrades(DeviceSubject subject, CheckRun run)
    {
        RequireState(subject);
        if (subject.States.Count == 0) CheckRun.NotApplicable("no states were recorded");
        using DeviceBench device = subject.NewBench();
        ushort current = device.Save().Version;
        ushort oldest = ((IStateful)device.Device).OldestStateVersion;
        foreach (RecordedState recorded in subject.States)
        {
            CheckRun.Require(recorded.Version >= oldest,
                $"version {recorded.Version} was shipped, but the device reads from {oldest} on only");
            using DeviceBench twin = Load(subject, recorded);
            if (recorded.Version == current)
                CheckRun.Require(recorded.Bytes.AsSpan().SequenceEqual(twin.SaveState()),
                    $"the state of version {current} is not saved again byte for byte");
            GoOn(subject, twin, run);
        }
    }

    private static DeviceBench Load(DeviceSubject subject, RecordedState recorded)
    {
        try
        {
            return DeviceBench.FromState(
                subject.Factory, subject.Setup, recorded.NowNs, recorded.Version, recorded.Bytes);
        }
        catch (StateException e)
        {
            throw new ContractException($"the state of version {recorded.Version} is refused: {e.Message}", e);
        }
    }

    /// <summary>What came from an old state works on, and is as good a state as any.</summary>
    private static void GoOn(DeviceSubject subject, DeviceBench upgraded, CheckRun run)
    {
        foreach (int seed in run.Seeds(1))
        {
            Random random = new(seed);
            History history = new();
            for (int i = 0; i < subject.Steps; i++)
            {
                BenchStep step = subject.Next(random, upgraded);
                history.Add(step);
                history.Guard(() =>
                {
                    step.Apply(upgraded);
                    DeviceBench.Restore(upgraded.Save()).Dispose();
                });
            }
        }
    }

    private static DeviceBench Donor(DeviceSubject subject, int seed, int steps, out Random random)
    {
        DeviceBench donor = subject.NewBench(seed);
        random = new Random(seed);
        for (int i = 0; i < steps; i++) subject.Next(random, donor).Apply(donor);
        return donor;
    }

    private static void RequireState(DeviceSubject subject)
    {
        using DeviceBench bench = subject.NewBench();
        if (!bench.HasState) CheckRun.NotApplicable(
            "the device is marked [NoState]; that it truly has none is 'restored-twin-goes-on-the-same'");
    }
}
