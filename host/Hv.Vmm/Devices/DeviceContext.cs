using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm.Buses;

namespace Hv.Vmm.Devices;

/// <summary>What one device gets from the core.</summary>
internal sealed class DeviceContext(Hardware hardware, DeviceNode node, Placement placement, DeviceEntropy entropy,
    PciPlug? pci)
    : IDeviceContext
{
    private ulong nextTicket;
    private bool isAttached;

    public DeviceNode Node => node;
    public DeviceEntropy DeviceEntropy => entropy;
    public PciPlug? PciPlug => pci;

    public string Path => node.Path;
    public Placement Placement => placement;
    public int VcpuCount => hardware.Description.VcpuCount;
    public ulong TscHz => hardware.Description.TscHz;
    public IVmClock Clock => hardware.Clock;
    public IDmaSpace Dma => hardware.Memory.Dma;
    public IMsiTarget Msi => hardware.Msi;
    public IEntropy Entropy => entropy;
    public IDeviceLog Log => node.Log;
    public IStrand Strand => node.Strand;
    public IMachineControl Machine => hardware.Control;
    public IVcpuSignalling Vcpus => hardware.Runner;
    public IPciSlot? Pci => pci;

    /// <summary>Nothing may be claimed any more.</summary>
    public void Seal() => isAttached = true;

    public IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token)
    {
        CheckAttaching();
        AddressBus bus = space == AddressSpace.Ports ? hardware.Ports : hardware.Mmio;
        if (lengthBytes == 0 || lengthBytes - 1 > bus.LastAddress)
            throw new ConfigurationException($"{Path}: the device claims a region '{name}' of {lengthBytes} bytes");
        return new Region(bus, node, name, lengthBytes, handler, token);
    }

    public IrqLine IrqOut(string name)
    {
        CheckAttaching();
        return hardware.Fabric.AddOutput(node, name);
    }

    public IrqInputs IrqIn(string name, int count, IIrqHandler handler)
    {
        CheckAttaching();
        return hardware.Fabric.AddInputs(node, name, count, handler);
    }

    public IVmTimer CreateTimer(string name, Action<VmTime> fired)
    {
        CheckAttaching();
        return hardware.Timers.Create(node, name, fired);
    }

    public T? Backend<T>(string slot) where T : class => hardware.Backend(node.Path, slot) as T;

    public void Provide<T>(T service) where T : class
    {
        CheckAttaching();
        hardware.Services.Add(node, service);
    }

    public IReadOnlyList<T> Services<T>() where T : class => hardware.Services.Of<T>();

    public ulong Defer(in IoAccess access)
    {
        ulong ticket = ++nextTicket << 16 | access.Initiator;
        hardware.Vcpus[access.Initiator].Bus.BeginPostponed(ticket);
        return ticket;
    }

    public void CompleteDeferred(ulong ticket, ulong value)
    {
        int vcpu = (int)(ticket & 0xffff);
        if (vcpu < hardware.Vcpus.Count) hardware.Vcpus[vcpu].Bus.Complete(ticket, value);
    }

    private void CheckAttaching()
    {
        if (isAttached)
            throw new InvalidOperationException($"{Path}: the device claims something after it was attached");
    }
}
