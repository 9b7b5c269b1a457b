using Hv.Sdk.Time;

namespace Hv.Sdk.Forwarding;

/// <summary>A clock.</summary>
public class ForwardingClock(IVmClock inner) : IVmClock, IForwarder<IVmClock>
{
    /// <inheritdoc/>
    public IVmClock Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual VmTime Now => Inner.Now;
    /// <inheritdoc/>
    public virtual long EpochUnixNs => Inner.EpochUnixNs;
}
