using Hv.Sdk.Pci;

namespace Hv.Sdk.Forwarding;

/// <summary>Configuration space of a PCI function.</summary>
public class ForwardingPciFunction(IPciFunction inner) : IPciFunction, IForwarder<IPciFunction>
{
    /// <inheritdoc/>
    public IPciFunction Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual uint ReadConfig(int offset, int size) => Inner.ReadConfig(offset, size);
    /// <inheritdoc/>
    public virtual void WriteConfig(int offset, int size, uint value) => Inner.WriteConfig(offset, size, value);
}
