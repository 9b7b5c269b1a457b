namespace Hv.Vmm.Backends;

/// <summary>A few threads for disk I/O, started when there is work for them.</summary>
internal sealed class IoPool(string machineName) : IDisposable
{
    private const int MaxThreads = 4;

    private readonly object gate = new();
    private readonly Queue<(BlockPort Port, int Slot)> work = new();
    private readonly List<Thread> threads = [];
    private int idle;
    private bool isEnding;

    /// <summary>Hot path: allocates nothing once the queue has grown.</summary>
    public void Enqueue(BlockPort port, int slot)
    {
        lock (gate)
        {
            work.Enqueue((port, slot));
            if (idle > 0) Monitor.Pulse(gate);
            else if (threads.Count < MaxThreads) StartThread();
        }
    }

    private void StartThread()
    {
        Thread thread = new(Loop) { IsBackground = true, Name = $"{machineName}: disk I/O {threads.Count}" };
        threads.Add(thread);
        thread.Start();
    }

    private void Loop()
    {
        while (true)
        {
            (BlockPort port, int slot) item;
            lock (gate)
            {
                while (!work.TryDequeue(out item))
                {
                    if (isEnding) return;
                    idle++;
                    Monitor.Wait(gate);
                    idle--;
                }
            }
            item.port.Execute(item.slot);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isEnding = true;
            Monitor.PulseAll(gate);
        }
        foreach (Thread thread in threads) thread.Join(TimeSpan.FromSeconds(2));
    }
}
