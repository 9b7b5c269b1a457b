using Hv.Sdk;
using Hv.Sdk.Time;

namespace Hv.Vmm.Time;

/// <summary>Whether a timer counts.</summary>
internal enum TimerStanding : byte
{
    /// <summary>It fires when it is due.</summary>
    Live,
    /// <summary>Its device is not live yet: it remembers its deadline.</summary>
    Staged,
    /// <summary>Its device was replaced: it does nothing.</summary>
    Cut,
}

/// <summary>A one-shot timer of one device or fault. Its fields belong to the queue.</summary>
internal sealed class VmTimer(TimerQueue queue, ITimerOwner owner, string name, Action<VmTime> fired) : IVmTimer
{
    public const int NotQueued = -1;

    public ITimerOwner Owner { get; } = owner;
    public string Name { get; } = name;
    public string FullName => $"{Owner.Path}/{Name}";

    /// <summary>When it fires, in nanoseconds; <see cref="long.MaxValue"/> when not armed.</summary>
    public long DueNs = long.MaxValue;
    /// <summary>Orders timers with the same deadline: the one armed first fires first.</summary>
    public ulong Sequence;
    /// <summary>Changes with every Arm and Cancel, so that a deadline that was overtaken does not fire.</summary>
    public uint Generation;
    /// <summary>Place in the queue's heap.</summary>
    public int Index = NotQueued;

    /// <summary>Whether it counts. Changed while nothing runs.</summary>
    public TimerStanding Standing { get; set; }

    /// <summary>What it calls. Replaced only before it is live.</summary>
    public Action<VmTime> Handler { get; set; } = fired;

    public VmTime Due => VmTime.FromNs(Volatile.Read(ref DueNs));

    public void Arm(VmTime due) => queue.Arm(this, due.Nanoseconds);

    public void Cancel() => queue.Cancel(this);

    /// <summary>Fires on the strand, unless it was armed anew or cancelled since it was taken from the queue.</summary>
    public void Fire(uint generation)
    {
        using StrandScope scope = Owner.Strand.Enter();
        if (!queue.TryBeginFiring(this, generation, out long due) || Owner.IsFailed) return;
        Owner.CountTimer();
        try
        {
            Handler(VmTime.FromNs(due));
        }
        catch (Exception e)
        {
            Owner.Fail($"in timer {Name}", e);
        }
    }
}
