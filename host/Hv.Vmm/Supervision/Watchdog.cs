namespace Hv.Vmm.Supervision;

/// <summary>Looks again and again whether a call into a plugin stands on some thread of the machine, and names the
/// plugin's part when that goes on for too long.</summary>
internal sealed class Watchdog(string machineName, WatchedThreads threads, TimeSpan patience, Action<string> hung)
{
    private readonly StuckCalls calls = new(threads, patience);
    private readonly ManualResetEventSlim stop = new();
    private Thread? thread;

    public void Start()
    {
        thread = new Thread(Loop) { IsBackground = true, Name = $"{machineName}: watchdog" };
        thread.Start();
    }

    public void Stop()
    {
        stop.Set();
        thread?.Join();
    }

    /// <summary>Which calls are underway. Any thread.</summary>
    public string Describe() => calls.Describe();

    private void Loop()
    {
        while (!stop.Wait(calls.Period))
        {
            if (calls.Find() is not { } message) continue;
            hung(message);
            return;
        }
    }
}
