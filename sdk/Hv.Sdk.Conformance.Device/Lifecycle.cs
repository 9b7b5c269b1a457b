using System.Runtime.CompilerServices;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Sdk.Conformance.Device;

/// <summary>What a device does when it is paused, and when it goes.</summary>
internal static class Lifecycle
{
    private const int DrainTurns = 10_000;
    private const long DrainTurnNs = 1_000_000;
    private const int CollectTurns = 50;
    private const int StandStillMs = 12;

    public static void Drains(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(4))
        {
            using DeviceBench bench = subject.NewBench(seed);
            Random random = new(seed);
            for (int i = 0; i < subject.Steps; i++) subject.Next(random, bench).Apply(bench);
            if (bench.Device is IDrain drain) WindDown(bench, drain);
            RequireStandsStill(bench);
        }
    }

    /// <summary>While a machine winds down its virtual time and its disks still go on, up to a limit.</summary>
    private static void WindDown(DeviceBench bench, IDrain drain)
    {
        bench.Run(drain.BeginDrain);
        for (int turn = 0; !drain.IsDrained; turn++)
        {
            CheckRun.Require(turn < DrainTurns, $"it has not drained within {DrainTurns} ms of virtual time");
            foreach (BenchDisk disk in bench.Backends.OfType<BenchDisk>()) bench.Run(() => disk.Complete(0));
            bench.Advance(DrainTurnNs);
        }
    }

    /// <summary>Nobody calls a paused device: what changes now has a thread of its own behind it.</summary>
    private static void RequireStandsStill(DeviceBench bench)
    {
        byte[] before = bench.SaveState();
        (bool, int)[] lines = [.. bench.Lines.Select(l => (l.Level, l.RisingEdges))];
        int messages = bench.Msi.Count;
        LetTheHostWork();
        CheckRun.Require(before.AsSpan().SequenceEqual(bench.SaveState()),
            "its state changes while the machine is paused");
        CheckRun.Require(lines.SequenceEqual(bench.Lines.Select(l => (l.Level, l.RisingEdges))),
            "it drives lines while the machine is paused");
        CheckRun.Require(messages == bench.Msi.Count, "it sends messages while the machine is paused");
    }

    /// <summary>Gives threads, timers and the pool of the host their turn: returns when timers that were due long
    /// before have run, on a busy host too.</summary>
    private static void LetTheHostWork()
    {
        for (int turn = 0; turn < 2; turn++)
        {
            using ManualResetEventSlim fired = new();
            using Timer timer = new(_ => fired.Set(), null, StandStillMs, Timeout.Infinite);
            fired.Wait();
        }
    }

    public static void StaysOnStrand(DeviceSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(4))
        {
            CallWatch watch = new();
            using DeviceBench bench =
                subject.NewBench(seed, subject.Setup with { Decorate = c => new PassThroughContext(c, watch) });
            Random random = new(seed);
            for (int i = 0; i < subject.Steps; i++) subject.Next(random, bench).Apply(bench);
            LetTheHostWork();
            if (watch.ForeignCall is { } call) CheckRun.Fail($"{call} was called on a thread of the device's own");
        }
    }

    public static void IsCollected(DeviceSubject subject, CheckRun run)
    {
        if (subject.Factory.GetType().Assembly.Location.Length == 0) CheckRun.NotApplicable(
            "the plugin was not loaded from a file");
        WeakReference context = UseAndUnload(subject, run);
        for (int turn = 0; context.IsAlive; turn++)
        {
            CheckRun.Require(turn < CollectTurns,
                "its load context lives on after unloading: a static event, a timer, a thread or a cache of the "
                + "runtime holds the plugin; undo in Dispose what Attach did");
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (turn > CollectTurns / 2) Thread.Sleep(1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseAndUnload(DeviceSubject subject, CheckRun run)
    {
        PluginContext context = new(subject.Factory.GetType().Assembly.Location);
        DeviceSubject copy = new()
        {
            Factory = context.Create(subject.Factory.GetType()),
            Setup = subject.Setup,
            Prepare = subject.Prepare,
        };
        foreach (int seed in run.Seeds(2))
        {
            using DeviceBench bench = copy.NewBench(seed);
            Random random = new(seed);

            // Plain steps: a subject's own may know the types of the plugin that is loaded already.
            for (int i = 0; i < subject.Steps; i++) RandomSteps.Next(random, bench).Apply(bench);
            DeviceBench.Restore(bench.Save()).Dispose();
        }
        context.Unload();
        return new WeakReference(context, trackResurrection: true);
    }
}
