using Hv.Interop;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Strands;

/// <summary>The thread that runs posted work in real-time mode.</summary>
internal sealed class Dispatcher(WatchedThreads threads) : IStrandScheduler, IDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<Strand> ready = new();
    private readonly PreciseEvent wake = new();
    private readonly ParkingLot parking = new();
    private Thread? thread;
    private volatile bool isEnding;

    public void Schedule(Strand strand)
    {
        lock (gate) ready.Enqueue(strand);
        wake.Set();
    }

    /// <summary>Starts the thread, parked.</summary>
    public void Start()
    {
        parking.RequestStop();
        thread = threads.Start("posts", Loop);
    }

    /// <summary>Lets work run again.</summary>
    public void Resume()
    {
        parking.Release();
        wake.Set();
    }

    /// <summary>Holds work back; true when the thread stands within the time.</summary>
    public bool Stop(TimeSpan patience)
    {
        parking.RequestStop();
        wake.Set();
        return thread is null || parking.AwaitParked(1, patience);
    }

    private void Loop()
    {
        while (!isEnding)
        {
            if (parking.IsStopRequested)
            {
                parking.Park();
                continue;
            }
            if (TryTake(out Strand strand)) strand.RunPosted();
            else _ = wake.Wait(long.MaxValue);
        }
    }

    private bool TryTake(out Strand strand)
    {
        lock (gate) return ready.TryDequeue(out strand!);
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
