using Hv.Sdk.Signals;

namespace Hv.Sdk.Forwarding;

/// <summary>Message-signalled interrupts.</summary>
public class ForwardingMsiTarget(IMsiTarget inner) : IMsiTarget, IForwarder<IMsiTarget>
{
    /// <inheritdoc/>
    public IMsiTarget Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual void Send(in MsiMessage message) => Inner.Send(message);
}
