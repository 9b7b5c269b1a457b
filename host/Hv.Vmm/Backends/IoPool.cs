using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A few threads for disk I/O, started when there is work for them, each with a buffer of its own.</summary>
internal sealed class IoPool(WatchedThreads watched) : IDisposable
{
    /// <summary>Bytes that move at a time: fits into a core's second-level cache. A multiple of every sector
    /// size.</summary>
    public const int BufferBytes = 256 << 10;

    private const int MaxThreads = 4;

    private readonly object gate = new();
    private readonly Queue<BlockJob> work = new();
    private readonly List<Thread> threads = [];
    private int idle;
    private bool isEnding;

    /// <summary>Hot path: allocates nothing once the queue has grown.</summary>
    public void Enqueue(BlockJob job)
    {
        lock (gate)
        {
            work.Enqueue(job);
            if (idle > 0) Monitor.Pulse(gate);
            else if (threads.Count < MaxThreads) StartThread();
        }
    }

    /// <summary>Takes a job back; false when a thread has it already, or it was never here.</summary>
    public bool Withdraw(BlockJob job)
    {
        lock (gate) return work.Remove(job);
    }

    private void StartThread() => threads.Add(watched.Start($"disk I/O {threads.Count}", Loop));

    private void Loop()
    {
        byte[] buffer = new byte[BufferBytes];
        while (true)
        {
            BlockJob? job;
            lock (gate)
            {
                while (!work.TryDequeue(out job))
                {
                    if (isEnding) return;
                    idle++;
                    Monitor.Wait(gate);
                    idle--;
                }
            }
            job.Port.Execute(job, buffer);
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
