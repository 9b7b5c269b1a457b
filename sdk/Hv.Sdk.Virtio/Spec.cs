namespace Hv.Sdk.Virtio;

/// <summary>Feature bits that belong to queues and transports (virtio 1.2, section 6).</summary>
public static class VirtioFeature
{
    /// <summary>VIRTIO_F_INDIRECT_DESC: descriptors that point to tables.</summary>
    public const ulong IndirectDescriptors = 1ul << 28;
    /// <summary>VIRTIO_F_EVENT_IDX: each side says how far the other may go before it is told.</summary>
    public const ulong EventIndex = 1ul << 29;
    /// <summary>VIRTIO_F_VERSION_1: not a legacy device or driver.</summary>
    public const ulong Version1 = 1ul << 32;
    /// <summary>VIRTIO_F_RING_PACKED: queues have the packed layout.</summary>
    public const ulong PackedRing = 1ul << 34;
    /// <summary>VIRTIO_F_RING_RESET: single queues can be reset.</summary>
    public const ulong RingReset = 1ul << 40;
}

/// <summary>Device status (virtio 1.2, 2.1).</summary>
[Flags]
public enum VirtioStatus : byte
{
    /// <summary>Reset, or never touched.</summary>
    None = 0,
    /// <summary>The driver has seen the device.</summary>
    Acknowledge = 1,
    /// <summary>The driver knows how to drive it.</summary>
    Driver = 2,
    /// <summary>The driver is ready.</summary>
    DriverOk = 4,
    /// <summary>Features are agreed on.</summary>
    FeaturesOk = 8,
    /// <summary>The device has met an error that only a reset clears.</summary>
    NeedsReset = 64,
    /// <summary>The driver has given up.</summary>
    Failed = 128,
}

/// <summary>ISR status of PCI, InterruptStatus of MMIO (virtio 1.2, 4.1.4.5 and 4.2.2).</summary>
internal static class InterruptCause
{
    public const byte Queue = 1;
    public const byte Configuration = 2;
}

/// <summary>Descriptor flags, the same in both layouts (virtio 1.2, 2.7.5 and 2.8.1).</summary>
internal static class DescriptorFlags
{
    public const ushort Next = 1;
    public const ushort Write = 2;
    public const ushort Indirect = 4;
    /// <summary>Packed only: flips each time the driver's ring wraps (2.8.1).</summary>
    public const ushort Available = 1 << 7;
    /// <summary>Packed only: equals <see cref="Available"/> when the device has used the descriptor.</summary>
    public const ushort Used = 1 << 15;
}

/// <summary>Common configuration of the PCI transport (virtio 1.2, 4.1.4.3).</summary>
internal static class PciCommon
{
    //                        name                   offset    size  access
    public const int DeviceFeatureSelect           = 0x00; //  4     RW
    public const int DeviceFeature                 = 0x04; //  4     RO
    public const int DriverFeatureSelect           = 0x08; //  4     RW
    public const int DriverFeature                 = 0x0c; //  4     RW
    public const int ConfigVector                  = 0x10; //  2     RW
    public const int QueueCount                    = 0x12; //  2     RO
    public const int DeviceStatus                  = 0x14; //  1     RW
    public const int ConfigGeneration              = 0x15; //  1     RO
    public const int QueueSelect                   = 0x16; //  2     RW
    public const int QueueSize                     = 0x18; //  2     RW
    public const int QueueVector                   = 0x1a; //  2     RW
    public const int QueueEnable                   = 0x1c; //  2     RW
    public const int QueueNotifyOffset             = 0x1e; //  2     RO
    public const int QueueDescriptors              = 0x20; //  8     RW, as 8 or two times 4
    public const int QueueDriver                   = 0x28; //  8     RW
    public const int QueueDevice                   = 0x30; //  8     RW
    public const int QueueNotifyData               = 0x38; //  2     RO
    public const int QueueReset                    = 0x3a; //  2     RW
    public const int Bytes                         = 0x3c;
}

/// <summary>Registers of the MMIO transport, version 2 (virtio 1.2, 4.2.2). All 4 bytes wide.</summary>
internal static class MmioRegister
{
    //                        name          offset     access
    public const int Magic                = 0x000; //  RO
    public const int Version              = 0x004; //  RO
    public const int DeviceId             = 0x008; //  RO
    public const int VendorId             = 0x00c; //  RO
    public const int DeviceFeatures       = 0x010; //  RO
    public const int DeviceFeaturesSelect = 0x014; //  WO
    public const int DriverFeatures       = 0x020; //  WO
    public const int DriverFeaturesSelect = 0x024; //  WO
    public const int QueueSelect          = 0x030; //  WO
    public const int QueueSizeMaximum     = 0x034; //  RO
    public const int QueueSize            = 0x038; //  WO
    public const int QueueReady           = 0x044; //  RW
    public const int QueueNotify          = 0x050; //  WO
    public const int InterruptStatus      = 0x060; //  RO
    public const int InterruptAcknowledge = 0x064; //  WO
    public const int Status               = 0x070; //  RW
    public const int QueueDescriptors     = 0x080; //  WO, low then high
    public const int QueueDriver          = 0x090; //  WO, low then high
    public const int QueueDevice          = 0x0a0; //  WO, low then high
    public const int SharedMemoryLength   = 0x0b0; //  RO, low then high
    public const int SharedMemoryBase     = 0x0b8; //  RO, low then high
    public const int QueueReset           = 0x0c0; //  RW
    public const int ConfigGeneration     = 0x0fc; //  RO
    public const int Config               = 0x100; //  RW, any size
    public const int Bytes                = 0x200;
}
