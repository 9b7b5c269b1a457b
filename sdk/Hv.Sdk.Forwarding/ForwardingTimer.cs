using Hv.Sdk.Faults;
using Hv.Sdk.Time;

namespace Hv.Sdk.Forwarding;

/// <summary>A timer as it is armed.</summary>
public class ForwardingTimer(IVmTimer inner) : IVmTimer, IForwarder<IVmTimer>
{
    /// <inheritdoc/>
    public IVmTimer Inner { get; set; } = inner;
    /// <inheritdoc/>
    public string Name => Inner.Name;
    /// <inheritdoc/>
    public virtual VmTime Due => Inner.Due;
    /// <inheritdoc/>
    public virtual void Arm(VmTime due) => Inner.Arm(due);
    /// <inheritdoc/>
    public virtual void Cancel() => Inner.Cancel();
}

/// <summary>A timer as it fires.</summary>
public class ForwardingTimerHandler(IVmTimerHandler inner) : IVmTimerHandler, IForwarder<IVmTimerHandler>
{
    /// <inheritdoc/>
    public IVmTimerHandler Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual void Fired(VmTime due) => Inner.Fired(due);
}
