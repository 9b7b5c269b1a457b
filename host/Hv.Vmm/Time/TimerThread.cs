using Hv.Interop;
using Hv.Sdk.Time;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Time;

/// <summary>Fires timers in real-time mode: one thread that sleeps until the earliest deadline.</summary>
internal sealed class TimerThread : IDisposable
{
    private readonly WatchedThreads threads;
    private readonly TimerQueue queue;
    private readonly RealTimeClock clock;
    private readonly ParkingLot parking = new();
    private readonly PreciseEvent wake = new();
    private long sleepingUntil;
    private Thread? thread;
    private volatile bool isEnding;

    public TimerThread(WatchedThreads threads, TimerQueue queue, RealTimeClock clock)
    {
        this.threads = threads;
        this.queue = queue;
        this.clock = clock;
        queue.OnHeadMoved(HeadMoved);
    }

    /// <summary>How often it woke; for statistics.</summary>
    public ulong Wakes { get; private set; }

    // Hot path: a deadline that is not earlier than what the thread sleeps for costs no system call.
    private void HeadMoved(long dueNs)
    {
        if (dueNs < Volatile.Read(ref sleepingUntil)) wake.Set();
    }

    /// <summary>Starts the thread, parked.</summary>
    public void Start()
    {
        parking.RequestStop();
        thread = threads.Start("timers", Loop, priority: ThreadPriority.AboveNormal);
    }

    /// <summary>Lets timers fire.</summary>
    public void Resume()
    {
        parking.Release();
        wake.Set();
    }

    /// <summary>Holds timers back; true when the thread stands within the time.</summary>
    public bool Stop(TimeSpan patience)
    {
        parking.RequestStop();
        wake.Set();
        return thread is null || parking.AwaitParked(1, patience);
    }

    private void Loop()
    {
        ThreadTuning.UsePreciseTimers();
        while (!isEnding)
        {
            if (parking.IsStopRequested)
            {
                parking.Park();
                continue;
            }
            if (queue.TryTakeDue(clock.Now.Nanoseconds, out VmTimer timer, out uint generation))
            {
                timer.Fire(generation);
                continue;
            }
            // Publish first, look again after: a timer armed in between either sees the new value or is seen here.
            long next = queue.NextDueNs;
            Interlocked.Exchange(ref sleepingUntil, next);
            if (queue.NextDueNs < next) continue;
            _ = wake.Wait(clock.HostDeadline(VmTime.FromNs(next)));
            Volatile.Write(ref sleepingUntil, 0);
            Wakes++;
        }
    }

    /// <summary>Ends the thread; false when it did not end within the time.</summary>
    public bool End(TimeSpan patience)
    {
        isEnding = true;
        parking.End();
        wake.Set();
        return thread is null || thread.Join(patience);
    }

    public void Dispose() => wake.Dispose();
}
