using Hv.Sdk.Faults;
using Hv.Sdk.Time;

namespace Hv.Vmm.Faults;

/// <summary>A device's callback as the contract that faults wrap.</summary>
internal sealed class TimerHandler(Action<VmTime> fired) : IVmTimerHandler
{
    public void Fired(VmTime due) => fired(due);
}
