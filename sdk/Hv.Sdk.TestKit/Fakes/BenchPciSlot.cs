using Hv.Sdk.Pci;
using Hv.Sdk.Signals;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>The device's place on a PCI bus of its own.</summary>
public sealed class BenchPciSlot : IPciSlot
{
    private readonly IrqLine[] pins;
    private readonly Func<IPciFunction, IPciFunction> wire;

    internal BenchPciSlot(PciAddress address, IrqLine[] pins, Func<IPciFunction, IPciFunction> wire) =>
        (Address, this.pins, this.wire) = (address, pins, wire);

    /// <inheritdoc/>
    public PciAddress Address { get; }
    /// <summary>The function; null before the device attached it.</summary>
    public IPciFunction? Function { get; private set; }
    /// <inheritdoc/>
    public void Attach(IPciFunction function) => Function = wire(function);
    /// <inheritdoc/>
    public IrqLine IntX(int pin) => pins[pin - 1];
}
