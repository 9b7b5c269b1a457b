using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.ClockJumps;

/// <summary>A clock that jumps at moments and may drift from then on: shown = true + offset + (true − origin) × ppm /
/// 10⁶.</summary>
internal sealed class BrokenClock : ForwardingClock, IFaultState
{
    private const long Million = 1_000_000;

    private readonly ClockJumpsOptions options;
    private readonly IFaultScope scope;
    private readonly Dictionary<string, ClockedTimer> timers = []; // by name: a reloaded device brings new ones
    private volatile Error error = new(0, 0, 0);

    public BrokenClock(IVmClock inner, ClockJumpsOptions options, IFaultScope scope) : base(inner)
    {
        this.options = options;
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    public void Add(ClockedTimer timer) => timers[timer.Name] = timer;

    public override VmTime Now => Shown(Inner.Now);

    /// <summary>What the clock shows at a true time.</summary>
    public VmTime Shown(VmTime time) => VmTime.FromNs(error.ShownNs(time.Nanoseconds));

    /// <summary>The first true time at which the clock shows this, as the clock goes now.</summary>
    public VmTime True(VmTime shown) => shown == VmTime.Never ? shown : VmTime.FromNs(error.TrueNs(shown.Nanoseconds));

    private void Strike()
    {
        long now = Inner.Now.Nanoseconds;
        Error old = error;
        long before = old.ShownNs(now);
        long offset = Math.Max(before - now + (long)options.Forward - (long)options.Back, -now);
        Error next = new(offset, now, (long)options.FasterPpm - options.SlowerPpm);
        error = next;
        string drift = next.Ppm == 0
            ? "" : $", and goes {Math.Abs(next.Ppm)} ppm too {(next.Ppm > 0 ? "fast" : "slow")}";
        scope.Fired($"the clock went from {before} ns to {next.ShownNs(now)} ns{drift}");
        foreach (ClockedTimer timer in timers.Values) timer.FollowClock();
    }

    public void Reset()
    {
    }

    public void Save(StateWriter writer)
    {
        writer.Int(1, error.OffsetNs);
        writer.Int(2, error.OriginNs);
        writer.Int(3, error.Ppm);
    }

    public void Load(StateReader reader) => error = new Error(
        reader.Int(1, 0), reader.Int(2, 0), Math.Clamp(reader.Int(3, 0), -(Million - 1), Million));

    /// <summary>How wrong the clock is. Immutable, so that a clock can be read on any thread.</summary>
    private sealed record Error(long OffsetNs, long OriginNs, long Ppm)
    {
        public long ShownNs(long time) =>
            (long)Int128.Clamp(time + OffsetNs + (Int128)(time - OriginNs) * Ppm / Million, 0, long.MaxValue - 1);

        public long TrueNs(long shown)
        {
            Int128 sinceOrigin = (Int128)(shown - OffsetNs - OriginNs) * Million;
            Int128 time = OriginNs + (sinceOrigin + (Million + Ppm - 1)) / (Million + Ppm);
            return (long)Int128.Clamp(time, 0, long.MaxValue - 1);
        }
    }
}

/// <summary>A timer whose deadlines are times of a broken clock.</summary>
internal sealed class ClockedTimer(IVmTimer inner, BrokenClock clock) : ForwardingTimer(inner), IFaultState, IAskedTimer
{
    private VmTime shown = VmTime.Never;

    public override VmTime Due => Inner.Due == VmTime.Never ? VmTime.Never : shown;

    /// <summary>The deadline in the device's own time.</summary>
    public VmTime Asked => shown;

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
