using Hv.Interop;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;

namespace Hv.Vmm.Vcpus;

/// <summary>Deterministic mode: one thread runs all vCPUs in turn, fires timers at the first instruction boundary at or
/// after their deadline, and runs what devices post before the next instruction. What comes from outside is let in only
/// between turns or when all vCPUs are idle.</summary>
internal sealed class DeterministicRunner : IRunner
{
    private const ulong TurnOfOne = 1_000_000;
    private const ulong TurnOfMany = 20_000;

    private readonly WatchedThreads watched;
    private readonly DeterministicClock clock;
    private readonly TimerQueue timers;
    private readonly IVcpuEvents events;
    private readonly ParkingLot parking = new();
    private readonly PreciseEvent wake = new();
    private readonly Lock outsideGate = new();
    private readonly Queue<Strand> outside = new();
    private readonly Queue<Strand> inside = new();
    private VcpuNode[] nodes = [];
    private Thread? thread;
    private int threadId;
    private volatile IVcpu? running;
    private long runningUntilNs;
    private ulong turns;
    private ulong skips;
    private volatile bool isEnding;

    public DeterministicRunner(WatchedThreads watched, DeterministicClock clock, TimerQueue timers, IVcpuEvents events)
    {
        this.watched = watched;
        this.clock = clock;
        this.timers = timers;
        this.events = events;
        timers.OnHeadMoved(HeadMoved);
    }

    /// <summary>The vCPU whose turn it is.</summary>
    public int Current { get; set; }
    /// <summary>Instructions left of its turn.</summary>
    public ulong TurnLeft { get; set; }
    /// <summary>Instructions that all vCPUs together retired since power-on.</summary>
    public ulong TotalRetired { get; set; }
    /// <summary>Instructions between two calls of <see cref="CheckpointReached"/>; 0 for none.</summary>
    public ulong CheckpointInterval { get; set; }
    /// <summary>Called on the run thread, between instructions, at each multiple of the interval.</summary>
    public Action<ulong>? CheckpointReached { get; set; }

    private ulong TurnLength => nodes.Length == 1 ? TurnOfOne : TurnOfMany;

    public void Schedule(Strand strand)
    {
        if (Environment.CurrentManagedThreadId == threadId)
        {
            inside.Enqueue(strand);
            running?.Kick();
            return;
        }
        lock (outsideGate) outside.Enqueue(strand);
        wake.Set();
    }

    /// <summary>Hot path.</summary>
    public void Notify(int vcpu)
    {
        if ((uint)vcpu >= (uint)nodes.Length) return;
        nodes[vcpu].IsIdle = false;
        nodes[vcpu].Vcpu.Notify();
    }

    // A timer armed by the running vCPU for a moment inside its turn ends the turn early.
    private void HeadMoved(long dueNs)
    {
        if (running is { } vcpu && dueNs < runningUntilNs) vcpu.Kick();
    }

    public void Start(IReadOnlyList<VcpuNode> vcpus)
    {
        nodes = [.. vcpus];
        parking.RequestStop();
        thread = watched.Start("vCPUs", Loop, stackBytes: 16 << 20);
    }

    private void Loop()
    {
        threadId = Environment.CurrentManagedThreadId;
        while (!isEnding)
        {
            _ = wake.TryTake();
            if (parking.IsStopRequested)
            {
                parking.Park();
                continue;
            }
            if (TurnLeft == 0)
            {
                LetOutsideIn();
                Current = (Current + 1) % nodes.Length;
                TurnLeft = TurnLength;
            }
            if (RunPosted() || FireDue()) continue;
            if (nodes[Current].IsIdle || nodes[Current].Bus.IsWaiting)
            {
                PassTurn();
                continue;
            }
            TakeTurn(nodes[Current]);
        }
    }

    private bool RunPosted()
    {
        if (!inside.TryDequeue(out Strand? strand)) return false;
        strand.RunPosted();
        return true;
    }

    private bool FireDue()
    {
        if (!timers.TryTakeDue(clock.Now.Nanoseconds, out VmTimer timer, out uint generation)) return false;
        timer.Fire(generation);
        return true;
    }

    private void LetOutsideIn()
    {
        while (true)
        {
            Strand? strand;
            lock (outsideGate)
            {
                if (!outside.TryDequeue(out strand)) return;
            }
            strand.RunPosted();
        }
    }

    // The current vCPU has nothing to do: the next one that has goes on; with none, time skips to the next timer.
    private void PassTurn()
    {
        for (int i = 1; i < nodes.Length; i++)
        {
            int candidate = (Current + i) % nodes.Length;
            if (nodes[candidate].IsIdle || nodes[candidate].Bus.IsWaiting) continue;
            Current = candidate;
            TurnLeft = TurnLength;
            return;
        }
        bool hasOutside;
        lock (outsideGate) hasOutside = outside.Count > 0;
        if (hasOutside)
        {
            LetOutsideIn();
            return;
        }
        long due = timers.NextDueNs;
        if (due == long.MaxValue)
        {
            _ = wake.Wait(long.MaxValue);
            return;
        }
        clock.SkipTo(due);
        skips++;
    }

    private void TakeTurn(VcpuNode node)
    {
        ulong budget = TurnLeft;
        long now = clock.Now.Nanoseconds;
        long due = timers.NextDueNs;
        if (due != long.MaxValue)
        {
            ulong untilDue = (ulong)Math.Max(
                1, (due - now + DeterministicClock.NsPerInstruction - 1) / DeterministicClock.NsPerInstruction);
            budget = Math.Min(budget, untilDue);
        }
        ulong interval = CheckpointInterval;
        if (interval != 0) budget = Math.Min(budget, interval - TotalRetired % interval);
        runningUntilNs = now + (long)budget * DeterministicClock.NsPerInstruction;
        turns++;

        clock.Begin(node.Vcpu);
        running = node.Vcpu;
        VcpuExit exit = VcpuExits.Run(node, new RunBudget { Instructions = budget }, events);
        running = null;
        ulong retired = clock.End(node.Vcpu);

        TurnLeft -= Math.Min(retired, TurnLeft);
        ulong before = TotalRetired;
        TotalRetired = before + retired;
        if (interval != 0 && TotalRetired / interval != before / interval) CheckpointReached?.Invoke(TotalRetired);
        switch (exit.Reason)
        {
            case VcpuExitReason.Halt:
            case VcpuExitReason.WaitForSipi:
                // Only what the engine has not seen yet may wake it; it looked last before it left.
                node.IsIdle = true;
                break;
            case VcpuExitReason.TripleFault:
            case VcpuExitReason.Failure:
                node.IsIdle = true;
                break;
        }
    }

    public void RequestStop()
    {
        parking.RequestStop();
        running?.Kick();
        wake.Set();
    }

    public bool Stop(TimeSpan patience, out string culprit)
    {
        RequestStop();
        culprit = "the thread of the vCPUs does not stop";
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        // The kick of RequestStop is lost when a turn began just then; so it is repeated.
        while (!parking.AwaitParked(1, TimeSpan.FromMilliseconds(10)))
        {
            if (Environment.TickCount64 >= deadline) return false;
            running?.Kick();
        }
        return true;
    }

    public void Resume() => parking.Release();

    public bool End(TimeSpan patience)
    {
        isEnding = true;
        parking.End();
        running?.Kick();
        wake.Set();
        return thread is null || thread.Join(patience);
    }

    public void Inspect(IInspector to)
    {
        to.Field("turns", turns);
        to.Field("idle-skips", skips);
        to.Field("instructions", TotalRetired);
    }

    public void Dispose() => wake.Dispose();
}
