using Hv.Sdk;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Strands;

/// <summary>Runs work that was posted to a strand, at a time of its choosing.</summary>
internal interface IStrandScheduler
{
    /// <summary>The strand has work: call <see cref="Strand.RunPosted"/> soon. Any thread.</summary>
    void Schedule(Strand strand);
}

/// <summary>Serialises everything that touches one device. Entering is a re-entrant lock; posting appends to a queue
/// that grows to what it needs and then allocates nothing.</summary>
internal sealed class Strand : IStrand
{
    private readonly IStrandScheduler scheduler;
    private readonly Lock postGate = new();
    private readonly Queue<Action> posted = new();
    private Action<Exception>? failed;
    private bool isScheduled;

    /// <param name="name">The device's path.</param>
    /// <param name="plugin">Whose code runs on it.</param>
    /// <param name="scheduler">Who runs what is posted.</param>
    /// <param name="isSerialized">Whether the device wants the lock.</param>
    public Strand(string name, string plugin, IStrandScheduler scheduler, bool isSerialized)
    {
        Name = name;
        this.scheduler = scheduler;
        Callee = Callee.Of($"a callback of the device {name} (plugin {plugin})");
        Gate = isSerialized ? new Gate(name) : null;
    }

    /// <summary>The device's path.</summary>
    public string Name { get; }
    /// <summary>What it is called when a callback on it does not return, or ends the process.</summary>
    public Callee Callee { get; }
    /// <summary>The lock; null for devices that take care of themselves. Replaced only before the machine
    /// runs.</summary>
    public Gate? Gate { get; set; }

    /// <summary>Sets who contains exceptions of posted work.</summary>
    public void OnFailure(Action<Exception> handler) => failed = handler;

    /// <summary>Hot path.</summary>
    public StrandScope Enter()
    {
        CallRecord calls = CallRecord.Current;
        calls.Push(Callee);
        Gate?.Enter(calls);
        return new StrandScope(this);
    }

    /// <summary>Hot path.</summary>
    public void Exit()
    {
        CallRecord calls = CallRecord.Current;
        Gate?.Exit(calls);
        calls.Pop();
    }

    /// <summary>Hot path: allocates nothing once the queue has grown.</summary>
    public void Post(Action work)
    {
        lock (postGate)
        {
            posted.Enqueue(work);
            if (isScheduled) return;
            isScheduled = true;
        }
        scheduler.Schedule(this);
    }

    /// <summary>Runs what was posted until now, on the strand. Called by the scheduler, one thread at a time.</summary>
    public void RunPosted()
    {
        int count;
        lock (postGate)
        {
            isScheduled = false;
            count = posted.Count;
        }
        for (; count > 0; count--)
        {
            Action work;
            lock (postGate)
            {
                if (!posted.TryDequeue(out work!)) return;
            }
            using (Enter())
            {
                try
                {
                    work();
                }
                catch (Exception e) when (failed is not null)
                {
                    failed(e);
                }
            }
        }
    }

    /// <summary>Whether posted work waits.</summary>
    public bool HasPosted
    {
        get
        {
            lock (postGate) return posted.Count > 0;
        }
    }

    /// <summary>Forgets what was posted.</summary>
    public void DropPosted()
    {
        lock (postGate) posted.Clear();
    }
}
