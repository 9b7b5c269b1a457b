using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Time;

namespace Hv.Faults.ClockJumps;

/// <summary>A timer that fires at another moment than the one it was asked for.</summary>
internal interface IAskedTimer
{
    /// <summary>The deadline that the device asked for; Never before it asked.</summary>
    VmTime Asked { get; }
}

/// <summary>Tells the device the deadline that it asked for, whenever the timer fires.</summary>
internal sealed class OwnDeadline(IVmTimerHandler inner) : ForwardingTimerHandler(inner)
{
    public IAskedTimer? Timer { get; set; }

    public override void Fired(VmTime due) =>
        base.Fired(Timer is { } timer && timer.Asked != VmTime.Never ? timer.Asked : due);
}
