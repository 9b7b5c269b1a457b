using Hv.Sdk.Pci;
using Hv.Sdk.Signals;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>The device's place on a PCI bus of its own.</summary>
public sealed class BenchPciSlot : IPciSlot
{
    private readonly IrqLine[] pins;

    internal BenchPciSlot(PciAddress address, IrqLine[] pins) => (Address, this.pins) = (address, pins);

    /// <inheritdoc/>
    public PciAddress Address { get; }
    /// <summary>The function; null before the device attached it.</summary>
    public IPciFunction? Function { get; private set; }
    /// <inheritdoc/>
    public void Attach(IPciFunction function) => Function = function;
    /// <inheritdoc/>
    public IrqLine IntX(int pin) => pins[pin - 1];
}
