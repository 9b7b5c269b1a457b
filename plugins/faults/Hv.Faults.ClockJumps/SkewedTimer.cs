using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.ClockJumps;

/// <summary>A timer that fires late or early. The device keeps the deadline that it asked for.</summary>
internal sealed class SkewedTimer(IVmTimer inner, ClockJumpsOptions options, IFaultScope scope)
    : ForwardingTimer(inner), IFaultState, IAskedTimer
{
    private VmTime asked = VmTime.Never;

    public override VmTime Due => Inner.Due == VmTime.Never ? VmTime.Never : asked;

    /// <summary>The deadline that the device asked for.</summary>
    public VmTime Asked => asked;

    public override void Arm(VmTime due)
    {
        asked = due;
        if (due == VmTime.Never || !scope.Strikes())
        {
            base.Arm(due);
            return;
        }
        long skew = (long)options.Late - (long)options.Early;
        // Early is never before now: a timer in the past fires at once, and its device would arm it for ever.
        long earliest = Math.Min(due.Nanoseconds, scope.Clock.Now.Nanoseconds);
        VmTime moved = VmTime.FromNs(Math.Max(due.AddNs(skew).Nanoseconds, earliest));
        scope.Fired($"armed for {due}, fires {Math.Abs(skew)} ns {(skew > 0 ? "late" : "early")}");
        base.Arm(moved);
    }

    public void Reset() => asked = VmTime.Never;
    public void Save(StateWriter writer) => writer.Int(1, asked.Nanoseconds);
    public void Load(StateReader reader) => asked = VmTime.FromNs(reader.Int(1, long.MaxValue));
}
