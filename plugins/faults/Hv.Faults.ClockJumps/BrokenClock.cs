using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.ClockJumps;

/// <summary>A clock that jumps at moments and may drift from then on: shown = true + offset + (true − origin) × ppm / 10⁶.</summary>
internal sealed class BrokenClock : ForwardingClock, IFaultState
{
    private const long Million = 1_000_000;

    private readonly ClockJumpsOptions options;
    private readonly IFaultScope scope;
    private readonly Dictionary<string, ClockedTimer> timers = []; // by name: a reloaded device brings new ones
    private readonly Lock gate = new(); // a clock is read on any thread
    private long offsetNs;
    private long originNs;
    private long ppm;

    public BrokenClock(IVmClock inner, ClockJumpsOptions options, IFaultScope scope) : base(inner)
    {
        this.options = options;
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    public void Add(ClockedTimer timer) => timers[timer.Name] = timer;

    public override VmTime Now => Shown(Inner.Now);

    /// <summary>What the clock shows at a true time.</summary>
    public VmTime Shown(VmTime time)
    {
        lock (gate) return VmTime.FromNs(Math.Max(0, ShownNs(time.Nanoseconds)));
    }

    /// <summary>The true time at which the clock shows this. The first one, and the present when that is over.</summary>
    public VmTime True(VmTime shown)
    {
        if (shown == VmTime.Never) return shown;
        lock (gate)
        {
            Int128 sinceOrigin = (Int128)(shown.Nanoseconds - offsetNs - originNs) * Million;
            Int128 time = originNs + (sinceOrigin + (Million + ppm - 1)) / (Million + ppm);
            return VmTime.FromNs((long)Int128.Clamp(time, 0, long.MaxValue - 1));
        }
    }

    private long ShownNs(long time) => (long)Int128.Clamp(time + offsetNs + (Int128)(time - originNs) * ppm / Million, long.MinValue, long.MaxValue - 1);

    private void Strike()
    {
        long before;
        long after;
        lock (gate)
        {
            long now = Inner.Now.Nanoseconds;
            before = ShownNs(now);
            long drifted = before - now;
            (originNs, ppm) = (now, (long)options.FasterPpm - options.SlowerPpm);
            offsetNs = Math.Max(drifted + (long)options.Forward - (long)options.Back, -now);
            after = ShownNs(now);
        }
        string drift = ppm == 0 ? "" : $", and goes {Math.Abs(ppm)} ppm too {(ppm > 0 ? "fast" : "slow")}";
        scope.Fired($"the clock went from {before} ns to {after} ns{drift}");
        foreach (ClockedTimer timer in timers.Values) timer.FollowClock();
    }

    public void Reset()
    {
    }

    public void Save(StateWriter writer)
    {
        writer.Int(1, offsetNs);
        writer.Int(2, originNs);
        writer.Int(3, ppm);
    }

    public void Load(StateReader reader)
    {
        offsetNs = reader.Int(1, 0);
        originNs = reader.Int(2, 0);
        ppm = Math.Clamp(reader.Int(3, 0), -(Million - 1), Million);
    }
}

/// <summary>A timer whose deadlines are times of a broken clock.</summary>
internal sealed class ClockedTimer(IVmTimer inner, BrokenClock clock) : ForwardingTimer(inner), IFaultState
{
    private VmTime shown = VmTime.Never;

    public override VmTime Due => Inner.Due == VmTime.Never ? VmTime.Never : shown;

    public override void Arm(VmTime due)
    {
        shown = due;
        Inner.Arm(clock.True(due));
    }

    /// <summary>The clock jumped: a deadline that it jumped over is due.</summary>
    public void FollowClock()
    {
        if (Inner.Due != VmTime.Never) Inner.Arm(clock.True(shown));
    }

    public void Reset() => shown = VmTime.Never;
    public void Save(StateWriter writer) => writer.Int(1, shown.Nanoseconds);
    public void Load(StateReader reader) => shown = VmTime.FromNs(reader.Int(1, long.MaxValue));
}

/// <summary>Tells a device the deadline in its own time.</summary>
internal sealed class ClockedHandler(IVmTimerHandler inner, BrokenClock clock) : ForwardingTimerHandler(inner)
{
    public override void Fired(VmTime due) => base.Fired(clock.Shown(due));
}
