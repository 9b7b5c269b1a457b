using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;

namespace Hv.Vmm.Vcpus;

/// <summary>Real-time mode: a host thread for each vCPU, one for timers, one for posted work.</summary>
internal sealed class RealTimeRunner : IRunner
{
    private readonly WatchedThreads watched;
    private readonly RealTimeClock clock;
    private readonly IVcpuEvents events;
    private readonly TimerThread timers;
    private readonly Dispatcher dispatcher;
    private readonly ParkingLot parking = new();
    private VcpuNode[] nodes = [];
    private Thread[] threads = [];
    private volatile bool isEnding;

    public RealTimeRunner(WatchedThreads watched, RealTimeClock clock, TimerQueue queue, IVcpuEvents events)
    {
        this.watched = watched;
        this.clock = clock;
        this.events = events;
        timers = new TimerThread(watched, queue, clock);
        dispatcher = new Dispatcher(watched);
    }

    /// <summary>Hot path.</summary>
    public void Schedule(Strand strand) => dispatcher.Schedule(strand);

    /// <summary>Hot path: while the vCPU runs this costs its engine's flag and one exchange.</summary>
    public void Notify(int vcpu)
    {
        if ((uint)vcpu >= (uint)nodes.Length) return;
        nodes[vcpu].Vcpu.Notify();
        nodes[vcpu].Wake.Set();
    }

    public void Start(IReadOnlyList<VcpuNode> vcpus)
    {
        nodes = [.. vcpus];
        parking.RequestStop();
        timers.Start();
        dispatcher.Start();
        threads = new Thread[nodes.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            VcpuNode node = nodes[i];
            // Engines recurse in guest-driven ways only within bounds; 16 MiB leaves room for a translator's native
            // frames.
            threads[i] = watched.Start($"vCPU {i}", () => Loop(node), stackBytes: 16 << 20);
        }
    }

    private void Loop(VcpuNode node)
    {
        while (!isEnding)
        {
            // Whatever was announced until here is visible to Run; what comes later sets the event again.
            _ = node.Wake.TryTake();
            if (parking.IsStopRequested)
            {
                parking.Park();
                continue;
            }
            if (node.Bus.IsWaiting)
            {
                _ = node.Wake.Wait(long.MaxValue);
                continue;
            }
            VcpuExit exit = VcpuExits.Run(node, RunBudget.Unlimited, events);
            switch (exit.Reason)
            {
                case VcpuExitReason.Halt:
                case VcpuExitReason.WaitForSipi:
                    _ = node.Wake.Wait(long.MaxValue);
                    break;
                case VcpuExitReason.TripleFault:
                case VcpuExitReason.Failure:
                    // The machine was told and stops; until the request is here there is nothing to run.
                    if (!parking.IsStopRequested) _ = node.Wake.Wait(long.MaxValue);
                    break;
            }
        }
    }

    public void RequestStop()
    {
        parking.RequestStop();
        foreach (VcpuNode node in nodes)
        {
            node.Vcpu.Kick();
            node.Wake.Set();
        }
    }

    public bool Stop(TimeSpan patience, out string culprit)
    {
        RequestStop();
        culprit = "a vCPU does not leave the engine";
        if (!parking.AwaitParked(threads.Length, patience)) return false;
        culprit = "a timer's callback does not return";
        if (!timers.Stop(patience)) return false;
        culprit = "posted work does not return";
        if (!dispatcher.Stop(patience)) return false;
        clock.Stop();
        return true;
    }

    public void Resume()
    {
        clock.Start();
        dispatcher.Resume();
        timers.Resume();
        parking.Release();
    }

    public bool End(TimeSpan patience)
    {
        isEnding = true;
        parking.End();
        foreach (VcpuNode node in nodes)
        {
            node.Vcpu.Kick();
            node.Wake.Set();
        }
        bool isDone = timers.End(patience) & dispatcher.End(patience);
        foreach (Thread thread in threads) isDone &= thread.Join(patience);
        return isDone;
    }

    public void Inspect(IInspector to) => to.Field("timer-thread-wakes", timers.Wakes);

    public void Dispose()
    {
        timers.Dispose();
        dispatcher.Dispose();
    }
}
