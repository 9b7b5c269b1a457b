using Hv.Interop;
using Hv.Sdk.Time;

namespace Hv.Vmm.Time;

/// <summary>Virtual time that follows the host's monotonic clock and stands still while the machine does.</summary>
internal sealed class RealTimeClock(long epochUnixNs) : IMachineClock
{
    private volatile Phase phase = new(IsRunning: false, Ns: 0);

    /// <summary>Immutable, so that readers need no lock. <paramref name="Ns"/>: the time while stopped; virtual minus
    /// host time while running.</summary>
    private sealed record Phase(bool IsRunning, long Ns);

    public long EpochUnixNs { get; private set; } = epochUnixNs;

    /// <summary>Hot path.</summary>
    public VmTime Now
    {
        get
        {
            Phase p = phase;
            return VmTime.FromNs(p.IsRunning ? HostClock.NowNs + p.Ns : p.Ns);
        }
    }

    /// <summary>When a moment comes on the host's clock; <see cref="long.MaxValue"/> while time stands still.</summary>
    public long HostDeadline(VmTime time)
    {
        Phase p = phase;
        if (!p.IsRunning || time == VmTime.Never) return long.MaxValue;
        return p.Ns >= 0 ? time.Nanoseconds - p.Ns : VmTime.FromNs(time.Nanoseconds).AddNs(-p.Ns).Nanoseconds;
    }

    public void Set(VmTime now, long epoch)
    {
        EpochUnixNs = epoch;
        phase = new Phase(IsRunning: false, now.Nanoseconds);
    }

    public void Start()
    {
        if (!phase.IsRunning) phase = new Phase(IsRunning: true, phase.Ns - HostClock.NowNs);
    }

    public void Stop()
    {
        if (phase.IsRunning) phase = new Phase(IsRunning: false, Now.Nanoseconds);
    }
}
