using Hv.Sdk.Time;
using Hv.Vmm.Strands;

namespace Hv.Vmm.Time;

/// <summary>A moment of virtual time at which somebody outside wants to be told: a timer that is no part of the
/// machine's state.</summary>
internal sealed class PauseMark : ITimerOwner
{
    private readonly VmTimer timer;
    private Action? reached;

    public PauseMark(Hardware hardware)
    {
        // Without a lock of its own: it touches nothing but this object.
        Strand = new Strand("pause", "core", hardware.Runner, isSerialized: false);
        timer = hardware.Timers.Create(this, "mark", _ => Interlocked.Exchange(ref reached, null)?.Invoke());
    }

    public string Path => "pause";
    public Strand Strand { get; }
    public bool IsFailed => false;
    public bool KeepsItsTimers => true;

    /// <summary>Sets the moment and who is told, once, on the thread that fires timers; it must return at once. Takes
    /// the place of what was set before.</summary>
    public void Set(VmTime due, Action handler)
    {
        reached = handler;
        timer.Arm(due);
    }

    /// <summary>Nobody is told.</summary>
    public void Clear()
    {
        reached = null;
        timer.Cancel();
    }

    public void CountTimer()
    {
    }

    public void Fail(string where, Exception exception) =>
        throw new InvalidOperationException($"the pause mark failed {where}", exception);
}
