using Hv.Sdk.Acpi;
using Hv.Sdk.Pci;

namespace Hv.Sdk.Virtio.Transports;

/// <summary>How a driver reaches the registers and how it is interrupted (virtio 1.2, section 4).</summary>
internal abstract class VirtioTransport(VirtioEndpoint endpoint)
{
    protected VirtioEndpoint Endpoint { get; } = endpoint;

    protected VirtioState State => Endpoint.State;

    /// <summary>The device may access memory.</summary>
    public abstract bool CanMasterBus { get; }

    /// <summary>Tells the driver that a queue has used buffers.</summary>
    public abstract void QueueInterrupt(VirtQueue queue);

    /// <summary>Tells the driver that the configuration or NEEDS_RESET changed.</summary>
    public abstract void ConfigInterrupt();

    /// <summary>Derives the interrupt line from state.</summary>
    public abstract void UpdateInterrupt();

    public virtual void Reset(PciFunctionState pci) => UpdateInterrupt();

    public virtual void Load(PciFunctionState pci) => UpdateInterrupt();

    public virtual void Contribute(IAcpiBuilder builder) { }

    /// <summary>One half of a 64-bit address register.</summary>
    protected static void SetHalf(ref ulong register, bool isHigh, ulong value) => register = isHigh
        ? register & uint.MaxValue | value << 32
        : register & ~(ulong)uint.MaxValue | (uint)value;
}
