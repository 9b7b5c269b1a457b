namespace Hv.Vmm.Supervision;

/// <summary>The threads of one machine, each with a record of the calls that it makes. Any thread.</summary>
internal sealed class WatchedThreads(string machineName)
{
    private readonly Lock gate = new();
    private readonly List<CallRecord> records = [];

    /// <summary>Records of the threads that run.</summary>
    public CallRecord[] Records
    {
        get
        {
            lock (gate) return [.. records];
        }
    }

    /// <summary>Starts a thread.</summary>
    /// <param name="name">What it does: its name after the machine's.</param>
    /// <param name="body">What it runs.</param>
    /// <param name="stackBytes">Size of its stack; 0 for the host's default.</param>
    /// <param name="priority">Its priority.</param>
    public Thread Start(string name, Action body, int stackBytes = 0, ThreadPriority priority = ThreadPriority.Normal)
    {
        CallRecord record = new(name);
        Thread thread = new(() => Run(record, body), stackBytes)
        {
            IsBackground = true,
            Name = $"{machineName}: {name}",
            Priority = priority,
        };
        thread.Start();
        return thread;
    }

    private void Run(CallRecord record, Action body)
    {
        lock (gate) records.Add(record);
        record.Bind();
        try
        {
            body();
        }
        finally
        {
            lock (gate) records.Remove(record);
            record.End();
        }
    }
}
