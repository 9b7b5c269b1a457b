using Hv.Sdk;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;

namespace Hv.Vmm.Devices;

/// <summary>A PCI slot as one instance of a device sees it: what it shows reaches the bus when the instance is
/// live.</summary>
internal sealed class PciClaim(PciPlug plug, DeviceContext context) : IPciSlot
{
    private readonly IrqLine?[] lines = new IrqLine?[4];

    /// <summary>What the instance showed.</summary>
    public IPciFunction? Function { get; private set; }

    public PciAddress Address => plug.Address;

    public void Attach(IPciFunction function)
    {
        Function = function;
        if (context.Link is { IsLive: true }) plug.Attach(function);
    }

    public IrqLine IntX(int pin)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pin, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pin, 4);
        return lines[pin - 1] ??= context.Output(PciPlug.LineName(pin));
    }
}
