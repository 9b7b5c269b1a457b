namespace Hv.Vmm.Strands;

/// <summary>Where the machine's threads stand while it is stopped: a stop is requested, each thread parks at the next
/// point where it can, and goes on when released.</summary>
internal sealed class ParkingLot
{
    private readonly object gate = new();
    private int parked;
    private volatile bool isStopRequested;
    private bool isEnding;

    /// <summary>Hot path: whether threads are to park.</summary>
    public bool IsStopRequested => isStopRequested;

    /// <summary>Asks threads to park. Any thread; returns at once.</summary>
    public void RequestStop()
    {
        lock (gate) isStopRequested = !isEnding;
    }

    /// <summary>Waits here until released. Called by each thread when it sees the request.</summary>
    public void Park()
    {
        lock (gate)
        {
            if (!isStopRequested) return;
            parked++;
            Monitor.PulseAll(gate);
            while (isStopRequested) Monitor.Wait(gate);
            parked--;
        }
    }

    /// <summary>Waits until <paramref name="count"/> threads are parked; false when they are not within the
    /// time.</summary>
    public bool AwaitParked(int count, TimeSpan patience)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (gate)
        {
            while (parked < count && !isEnding)
            {
                long left = deadline - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(gate, (int)Math.Min(left, int.MaxValue))) return parked >= count;
            }
            return true;
        }
    }

    /// <summary>Lets parked threads go on.</summary>
    public void Release()
    {
        lock (gate)
        {
            isStopRequested = false;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Lets parked threads go on for good: no stop is honoured any more.</summary>
    public void End()
    {
        lock (gate)
        {
            isEnding = true;
            isStopRequested = false;
            Monitor.PulseAll(gate);
        }
    }
}
