using Hv.Sdk;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Vmm.Faults;
using Hv.Vmm.Interrupts;

namespace Hv.Vmm.Devices;

/// <summary>A device's place on the PCI bus, and its function as the bus sees it: every configuration access enters the
/// device's strand.</summary>
internal sealed class PciPlug(DeviceNode node, PciAddress address, IrqFabric fabric, DeviceContracts contracts)
    : IPciSlot, IPciFunction
{
    private readonly IrqLine?[] lines = new IrqLine?[4];
    private IPciFunction? function;

    public DeviceNode Node => node;
    public PciAddress Address { get; } = address;
    public bool IsAttached => function is not null;

    /// <summary>Name of the fabric's output for INTx# number <paramref name="pin"/>, 1 to 4.</summary>
    public static string LineName(int pin) => $"intx{(char)('a' + pin - 1)}";

    public void Attach(IPciFunction to) => function = contracts.Wire("config", to);

    public IrqLine IntX(int pin)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pin, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pin, 4);
        return lines[pin - 1] ??= fabric.AddOutput(node, LineName(pin)) is { } wired
            ? new IrqLine(contracts.Line(LineName(pin), wired), wired) : default;
    }

    public uint ReadConfig(int offset, int size)
    {
        if (node.IsFailed || function is null) return uint.MaxValue;
        using StrandScope scope = node.Strand.Enter();
        try
        {
            return function.ReadConfig(offset, size);
        }
        catch (Exception e)
        {
            node.Fail($"reading configuration register 0x{offset:x}", e);
            return uint.MaxValue;
        }
    }

    public void WriteConfig(int offset, int size, uint value)
    {
        if (node.IsFailed || function is null) return;
        using StrandScope scope = node.Strand.Enter();
        try
        {
            function.WriteConfig(offset, size, value);
        }
        catch (Exception e)
        {
            node.Fail($"writing configuration register 0x{offset:x}", e);
        }
    }
}
