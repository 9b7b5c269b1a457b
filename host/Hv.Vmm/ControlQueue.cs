namespace Hv.Vmm;

/// <summary>Commands for a machine's control thread, in order.</summary>
internal sealed class ControlQueue
{
    private readonly object gate = new();
    private readonly Queue<(Action Run, Action? Dropped)> commands = new();
    private bool isClosed;

    /// <summary>Appends a command; false when no command is taken any more. <paramref name="dropped"/> is called when
    /// the machine ends before the command's turn.</summary>
    public bool Add(Action run, Action? dropped = null)
    {
        lock (gate)
        {
            if (isClosed) return false;
            commands.Enqueue((run, dropped));
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Waits for the next command; null when the queue is closed.</summary>
    public Action? Take()
    {
        lock (gate)
        {
            while (commands.Count == 0 && !isClosed) Monitor.Wait(gate);
            return commands.TryDequeue(out (Action Run, Action? Dropped) command) ? command.Run : null;
        }
    }

    /// <summary>Takes no more commands and drops those that wait.</summary>
    public void Close()
    {
        (Action Run, Action? Dropped)[] left;
        lock (gate)
        {
            isClosed = true;
            left = [.. commands];
            commands.Clear();
            Monitor.PulseAll(gate);
        }
        foreach ((_, Action? dropped) in left) dropped?.Invoke();
    }
}
