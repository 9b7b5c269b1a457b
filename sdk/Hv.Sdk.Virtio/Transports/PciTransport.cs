using System.Buffers.Binary;
using Hv.Sdk.Io;
using Hv.Sdk.Pci;

namespace Hv.Sdk.Virtio.Transports;

/// <summary>Virtio over PCI without the legacy interface (virtio 1.2, 4.1): BAR 0 holds the four structures a page
/// each, BAR 1 the MSI-X table. One vector for configuration changes and one a queue; INTA# while MSI-X is
/// off.</summary>
internal sealed class PciTransport : VirtioTransport, IIoHandler, ICapabilityHandler
{
    // 4.1.2: vendor, and device IDs of devices without legacy interface.
    private const ushort VirtioVendor = 0x1af4;
    private const ushort FirstDeviceId = 0x1040;

    // 4.1.4: cfg_type.
    private const byte CommonConfig = 1;
    private const byte NotifyConfig = 2;
    private const byte IsrConfig = 3;
    private const byte DeviceConfig = 4;
    private const byte PciConfig = 5;

    private const int StructureBar = 0;
    private const int MsixBar = 1;
    private const int PageShift = 12;
    private const int CommonPage = 0;
    private const int IsrPage = 1;
    private const int DevicePage = 2;
    private const int NotifyPage = 3;
    private const int NotifyMultiplier = 4;

    // 4.1.4.9: the window of configuration space onto BARs; offsets from the capability's start.
    private const int WindowBar = 4;
    private const int WindowOffset = 8;
    private const int WindowLength = 12;
    private const int WindowData = 16;

    private readonly PciFunction function;
    private readonly Msix msix;

    public PciTransport(VirtioEndpoint endpoint, IDeviceContext context) : base(endpoint)
    {
        VirtioModel model = endpoint.Model;
        function = new PciFunction(context, new PciIdentity
        {
            VendorId = VirtioVendor,
            DeviceId = (ushort)(FirstDeviceId + model.DeviceId),
            ClassCode = model.PciClass,
            RevisionId = 1,                         // 4.1.2.1: 1 or more without legacy interface
            SubsystemVendorId = VirtioVendor,
            SubsystemId = (ushort)(0x40 + model.DeviceId),
        })
        { BusMasterChanged = BusMasterChanged };
        function.AddBar(StructureBar, BarKind.Memory32, 4ul << PageShift, this, 0);
        msix = function.AddMsix(Math.Min(model.QueueSizes.Count + 1, 2048), MsixBar);
        AddStructure(CommonConfig, CommonPage, PciCommon.Bytes, []);
        AddStructure(IsrConfig, IsrPage, 4, []);
        if (model.ConfigBytes > 0) AddStructure(DeviceConfig, DevicePage, model.ConfigBytes, []);
        AddStructure(NotifyConfig, NotifyPage, NotifyMultiplier * model.QueueSizes.Count, [NotifyMultiplier, 0, 0, 0]);
        AddWindow();
        function.AddIntx(1);
        function.Present();
    }

    public override bool CanMasterBus => function.IsBusMaster;

    /// <summary>4.1.5.2, 4.1.4.5.1: a vector with MSI-X, else the ISR status and the pin.</summary>
    public override void QueueInterrupt(VirtQueue queue) => Interrupt(queue.State.Vector, InterruptCause.Queue);

    public override void ConfigInterrupt() => Interrupt(State.ConfigVector, InterruptCause.Configuration);

    public override void UpdateInterrupt() => function.SetIntx(State.InterruptStatus != 0);

    public override void Reset(PciFunctionState pci)
    {
        function.Reset(pci);
        UpdateInterrupt();
    }

    public override void Load(PciFunctionState pci)
    {
        function.Load(pci);
        UpdateInterrupt();
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        int offset = (int)access.Offset & ((1 << PageShift) - 1);
        value = 0;
        switch ((int)access.Offset >> PageShift)
        {
            case CommonPage: return ReadCommon(offset, access.Size, out value);
            case IsrPage:
                if (offset == 0) value = ReadIsr(access.IsDebug);
                return IoStatus.Ok;
            case DevicePage:
                value = Endpoint.ReadConfig(offset, access.Size);
                return IoStatus.Ok;
            default: return IoStatus.Ok;
        }
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        int offset = (int)access.Offset & ((1 << PageShift) - 1);
        switch ((int)access.Offset >> PageShift)
        {
            case CommonPage: return WriteCommon(offset, access.Size, value);
            case DevicePage:
                Endpoint.WriteConfig(offset, access.Size, value);
                return IoStatus.Ok;
            case NotifyPage:
                Endpoint.Notify((uint)offset / NotifyMultiplier);
                return IoStatus.Ok;
            default: return IoStatus.Ok;
        }
    }

    void ICapabilityHandler.Reading(int capability, int offset, int size)
    {
        if (offset < WindowData || !TryWindow(capability, out IoAccess access)) return;
        Span<byte> bytes = stackalloc byte[8];
        if (Read(access, out ulong value) != IoStatus.Ok) value = ulong.MaxValue;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        function.SetBytes(capability + WindowData, bytes[..access.Size]);
    }

    void ICapabilityHandler.Written(int capability, int offset, int size)
    {
        if (offset < WindowData || !TryWindow(capability, out IoAccess access)) return;
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        function.Bytes(capability + WindowData, access.Size).CopyTo(bytes);
        _ = Write(access, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    private void AddStructure(byte type, int page, int lengthBytes, ReadOnlySpan<byte> extra)
    {
        // 4.1.4: cap_len, cfg_type, bar, id, padding, offset, length; then what the type adds.
        Span<byte> body = stackalloc byte[14 + 4];
        body.Clear();
        body[0] = (byte)(16 + extra.Length);
        body[1] = type;
        body[2] = StructureBar;
        BinaryPrimitives.WriteUInt32LittleEndian(body[6..], (uint)page << PageShift);
        BinaryPrimitives.WriteUInt32LittleEndian(body[10..], (uint)lengthBytes);
        extra.CopyTo(body[14..]);
        function.AddCapability(CapabilityId.Vendor, body[..(14 + extra.Length)], [], null);
    }

    private void AddWindow()
    {
        Span<byte> body = stackalloc byte[18];
        Span<byte> writable = stackalloc byte[18];
        body.Clear();
        writable.Clear();
        body[0] = 20;
        body[1] = PciConfig;
        writable[WindowBar - 2] = 0xff;
        writable[(WindowOffset - 2)..].Fill(0xff);
        function.AddCapability(CapabilityId.Vendor, body, writable, this);
    }

    /// <summary>The access that the driver described; false when it is not 1, 2 or 4 aligned bytes of a structure
    /// (4.1.4.9.1).</summary>
    private bool TryWindow(int capability, out IoAccess access)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(function.Bytes(capability + WindowOffset, 4));
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(function.Bytes(capability + WindowLength, 4));
        bool isValid = function.Bytes(capability + WindowBar, 1)[0] == StructureBar
            && length is 1 or 2 or 4 && offset % length == 0 && offset < 4u << PageShift;
        access = isValid ? new IoAccess { Offset = offset, Size = (byte)length } : default;
        return isValid;
    }

    /// <summary>4.1.4.5: reading clears the status and lowers the pin.</summary>
    private byte ReadIsr(bool isDebug)
    {
        byte status = State.InterruptStatus;
        if (isDebug) return status;
        State.InterruptStatus = 0;
        UpdateInterrupt();
        return status;
    }

    private IoStatus ReadCommon(int offset, int size, out ulong value)
    {
        VirtQueueState? q = Endpoint.SelectedQueue?.State;
        value = 0;
        switch (offset, size)
        {
            case (PciCommon.DeviceFeatureSelect, 4): value = State.DeviceFeatureSelect; break;
            case (PciCommon.DeviceFeature, 4): value = Endpoint.DeviceFeatures; break;
            case (PciCommon.DriverFeatureSelect, 4): value = State.DriverFeatureSelect; break;
            case (PciCommon.DriverFeature, 4): value = Endpoint.DriverFeatures; break;
            case (PciCommon.ConfigVector, 2): value = State.ConfigVector; break;
            case (PciCommon.QueueCount, 2): value = (ulong)Endpoint.Queues.Count; break;
            case (PciCommon.DeviceStatus, 1): value = (byte)State.Status; break;
            case (PciCommon.ConfigGeneration, 1): value = (byte)State.ConfigGeneration; break;
            case (PciCommon.QueueSelect, 2): value = State.QueueSelect; break;
            case (PciCommon.QueueSize, 2): value = q?.Size ?? 0; break;
            case (PciCommon.QueueVector, 2): value = q?.Vector ?? VirtQueueState.NoVector; break;
            case (PciCommon.QueueEnable, 2): value = q is { IsEnabled: true } ? 1u : 0u; break;
            case (PciCommon.QueueNotifyOffset, 2): value = q is null ? 0 : State.QueueSelect; break;
            case (PciCommon.QueueNotifyData, 2): value = q is null ? 0 : State.QueueSelect; break;
            // 2.6.1.1: one while the queue is being reset, which is over when the write returns.
            case (PciCommon.QueueReset, 2): value = 0; break;
            case ( >= PciCommon.QueueDescriptors and < PciCommon.QueueNotifyData, 4 or 8) when (offset & (size - 1))
                == 0:
                ulong address = q is null ? 0 : (offset & ~7) switch
                {
                    PciCommon.QueueDescriptors => q.Descriptors,
                    PciCommon.QueueDriver => q.Driver,
                    _ => q.Device,
                };
                value = (offset & 4) != 0 ? address >> 32 : address;
                break;
            default: return IoStatus.BadSize;
        }
        return IoStatus.Ok;
    }

    private IoStatus WriteCommon(int offset, int size, ulong value)
    {
        switch (offset, size)
        {
            case (PciCommon.DeviceFeatureSelect, 4): State.DeviceFeatureSelect = (uint)value; break;
            case (PciCommon.DriverFeatureSelect, 4): State.DriverFeatureSelect = (uint)value; break;
            case (PciCommon.DriverFeature, 4): Endpoint.DriverFeatures = (uint)value; break;
            case (PciCommon.ConfigVector, 2): State.ConfigVector = Vector(value); break;
            case (PciCommon.DeviceStatus, 1): Endpoint.WriteStatus((VirtioStatus)(byte)value); break;
            case (PciCommon.QueueSelect, 2): State.QueueSelect = (uint)value; break;
            case ( >= PciCommon.QueueSize and < PciCommon.Bytes, _):
                return Endpoint.SelectedQueue is { } queue ? WriteQueue(queue, offset, size, value) : IoStatus.Ok;
            default: return IoStatus.BadSize;
        }
        return IoStatus.Ok;
    }

    private IoStatus WriteQueue(VirtQueue queue, int offset, int size, ulong value)
    {
        VirtQueueState q = queue.State;
        switch (offset, size)
        {
            case (PciCommon.QueueVector, 2): q.Vector = Vector(value); return IoStatus.Ok;
            case (PciCommon.QueueReset, 2) when value == 1: Endpoint.ResetQueue(queue); return IoStatus.Ok;
            case (PciCommon.QueueEnable, 2) when value == 1: queue.Enable(); return IoStatus.Ok;
        }
        // 4.1.4.3.2: the driver does not change a queue that is on, nor turn it off.
        if (q.IsEnabled) return IoStatus.Ok;
        switch (offset, size)
        {
            case (PciCommon.QueueSize, 2): q.Size = (ushort)value; return IoStatus.Ok;
            case ( >= PciCommon.QueueDescriptors and < PciCommon.QueueNotifyData, 4 or 8) when (offset & (size - 1))
                == 0:
                ref ulong register = ref AddressRegister(q, offset);
                if (size == 8) register = value;
                else SetHalf(ref register, (offset & 4) != 0, value);
                return IoStatus.Ok;
            default: return IoStatus.BadSize;
        }
    }

    private static ref ulong AddressRegister(VirtQueueState q, int offset)
    {
        switch (offset & ~7)
        {
            case PciCommon.QueueDescriptors: return ref q.Descriptors;
            case PciCommon.QueueDriver: return ref q.Driver;
            default: return ref q.Device;
        }
    }

    /// <summary>4.1.5.1.2.1: a vector that is not there reads back as none.</summary>
    private ushort Vector(ulong value) => value < (ulong)msix.VectorCount ? (ushort)value : VirtQueueState.NoVector;

    private void Interrupt(ushort vector, byte cause)
    {
        if (msix.IsEnabled)
        {
            if (vector != VirtQueueState.NoVector) msix.Raise(vector);
            return;
        }
        State.InterruptStatus |= cause;
        UpdateInterrupt();
    }

    private void BusMasterChanged(bool isMaster)
    {
        if (isMaster) Endpoint.NotifyAll();
    }
}
