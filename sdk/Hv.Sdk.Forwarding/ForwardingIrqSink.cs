using Hv.Sdk.Signals;

namespace Hv.Sdk.Forwarding;

/// <summary>An interrupt line.</summary>
public class ForwardingIrqSink(IIrqSink inner) : IIrqSink, IForwarder<IIrqSink>
{
    /// <inheritdoc/>
    public IIrqSink Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual void Set(int pin, bool level) => Inner.Set(pin, level);
    /// <inheritdoc/>
    public virtual void Pulse(int pin) => Inner.Pulse(pin);
}
