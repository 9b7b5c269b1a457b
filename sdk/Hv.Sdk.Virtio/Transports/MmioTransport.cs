using System.Globalization;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;

namespace Hv.Sdk.Virtio.Transports;

/// <summary>Virtio over MMIO, version 2 (virtio 1.2, 4.2), with the line <c>irq</c>, level-triggered, active
/// high.</summary>
internal sealed class MmioTransport : VirtioTransport, IIoHandler
{
    private const uint MagicValue = 0x7472_6976; // "virt"
    private const uint VersionValue = 2;
    private const uint Vendor = 0x1af4;
    private const int IsaInterrupts = 16;

    private readonly IRegion region;
    private readonly IrqLine irq;
    private readonly int? gsi;

    public MmioTransport(VirtioEndpoint endpoint, IDeviceContext context) : base(endpoint)
    {
        region = context.AddRegion(AddressSpace.Memory, "virtio", MmioRegister.Bytes, this, 0);
        region.Map(context.Placement.MmioBase!.Value);
        irq = context.IrqOut("irq");
        gsi = context.Placement.Gsi;
    }

    public override bool CanMasterBus => true;

    public override void QueueInterrupt(VirtQueue queue) => Interrupt(InterruptCause.Queue);

    public override void ConfigInterrupt() => Interrupt(InterruptCause.Configuration);

    public override void UpdateInterrupt() => irq.Set(State.InterruptStatus != 0);

    /// <summary>ACPI finds the device by the ID that the Linux kernel gave virtio-mmio (LNRO0005).</summary>
    public override void Contribute(IAcpiBuilder builder)
    {
        string name = "V" + (region.Start >> 9 & 0xfff).ToString("X3", CultureInfo.InvariantCulture);
        ResourceTemplate resources =
            new ResourceTemplate().Memory32((uint)region.Start, MmioRegister.Bytes, isWritable: true);
        if (gsi is int line)
        {
            resources.Interrupt((uint)line, isLevel: true, isActiveLow: false, isShared: false);
            // The ISA interrupts are edge-triggered unless the MADT says otherwise (ACPI 6.5, 5.2.12.5).
            if (line < IsaInterrupts) builder.MadtEntry(
                MadtEntry.Override((byte)line, (uint)line, isLevel: true, isActiveLow: false));
        }
        AmlWriter aml = new();
        aml.Device(name, device => device
            .Name("_HID", "LNRO0005")
            .Name("_UID", region.Start >> 9)
            .Name("_CCA", 1ul)
            .Name("_CRS", resources));
        builder.SystemBus(aml.ToArray());
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = 0;
        int offset = (int)access.Offset;
        if (offset >= MmioRegister.Config)
        {
            value = Endpoint.ReadConfig(offset - MmioRegister.Config, access.Size);
            return IoStatus.Ok;
        }
        // 4.2.2.2: 32-bit, aligned accesses only.
        if (access.Size != 4) return IoStatus.BadSize;
        if ((offset & 3) != 0) return IoStatus.Unaligned;
        value = ReadRegister(offset);
        return IoStatus.Ok;
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        int offset = (int)access.Offset;
        if (offset >= MmioRegister.Config)
        {
            Endpoint.WriteConfig(offset - MmioRegister.Config, access.Size, value);
            return IoStatus.Ok;
        }
        if (access.Size != 4) return IoStatus.BadSize;
        if ((offset & 3) != 0) return IoStatus.Unaligned;
        WriteRegister(offset, (uint)value);
        return IoStatus.Ok;
    }

    private uint ReadRegister(int offset)
    {
        VirtQueue? queue = Endpoint.SelectedQueue;
        switch (offset)
        {
            case MmioRegister.Magic: return MagicValue;
            case MmioRegister.Version: return VersionValue;
            case MmioRegister.DeviceId: return Endpoint.Model.DeviceId;
            case MmioRegister.VendorId: return Vendor;
            case MmioRegister.DeviceFeatures: return Endpoint.DeviceFeatures;
            case MmioRegister.QueueSizeMaximum: return queue?.MaximumSize ?? 0;
            case MmioRegister.QueueReady: return queue is { IsEnabled: true } ? 1u : 0u;
            case MmioRegister.InterruptStatus: return State.InterruptStatus;
            case MmioRegister.Status: return (uint)State.Status;
            // 2.6.1.1: one while the queue is being reset, which is over when the write returns.
            case MmioRegister.QueueReset: return 0;
            case MmioRegister.ConfigGeneration: return State.ConfigGeneration;
            // 4.2.2: a shared memory region that is not there has length and base −1.
            case >= MmioRegister.SharedMemoryLength and < MmioRegister.SharedMemoryBase + 8: return uint.MaxValue;
            default: return 0;
        }
    }

    private void WriteRegister(int offset, uint value)
    {
        switch (offset)
        {
            case MmioRegister.DeviceFeaturesSelect: State.DeviceFeatureSelect = value; return;
            case MmioRegister.DriverFeaturesSelect: State.DriverFeatureSelect = value; return;
            case MmioRegister.DriverFeatures: Endpoint.DriverFeatures = value; return;
            case MmioRegister.QueueSelect: State.QueueSelect = value; return;
            case MmioRegister.QueueNotify: Endpoint.Notify(value & 0xffff); return;
            case MmioRegister.Status: Endpoint.WriteStatus((VirtioStatus)(byte)value); return;
            case MmioRegister.InterruptAcknowledge:
                State.InterruptStatus &= (byte)~value;
                UpdateInterrupt();
                return;
            default:
                if (Endpoint.SelectedQueue is { } queue) WriteQueueRegister(queue, offset, value);
                return;
        }
    }

    private void WriteQueueRegister(VirtQueue queue, int offset, uint value)
    {
        switch (offset)
        {
            case MmioRegister.QueueReady when value == 1: queue.Enable(); return;
            // 4.2.2.2: the driver stops a queue by writing zero.
            case MmioRegister.QueueReady when value == 0: Endpoint.StopQueue(queue); return;
            case MmioRegister.QueueReset when value == 1: Endpoint.ResetQueue(queue); return;
        }
        if (queue.IsEnabled) return;
        VirtQueueState q = queue.State;
        bool isHigh = (offset & 4) != 0;
        switch (offset & ~4)
        {
            case MmioRegister.QueueSize: q.Size = (ushort)Math.Min(value, ushort.MaxValue); return;
            case MmioRegister.QueueDescriptors: SetHalf(ref q.Descriptors, isHigh, value); return;
            case MmioRegister.QueueDriver: SetHalf(ref q.Driver, isHigh, value); return;
            case MmioRegister.QueueDevice: SetHalf(ref q.Device, isHigh, value); return;
        }
    }

    private void Interrupt(byte cause)
    {
        State.InterruptStatus |= cause;
        UpdateInterrupt();
    }
}
