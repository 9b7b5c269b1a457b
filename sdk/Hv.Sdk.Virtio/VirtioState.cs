using Hv.Sdk.Pci;
using Hv.Sdk.State;

namespace Hv.Sdk.Virtio;

/// <summary>What the driver has set up and what transport and queues have done since; nested in the device's
/// state.</summary>
[DeviceState("virtio", 1)]
public sealed partial class VirtioState
{
    /// <summary>Device status; NEEDS_RESET included.</summary>
    [Field(1)] public VirtioStatus Status;
    /// <summary>Which 32 device features are read.</summary>
    [Field(2)] public uint DeviceFeatureSelect;
    /// <summary>Which 32 driver features are read and written.</summary>
    [Field(3)] public uint DriverFeatureSelect;
    /// <summary>Features that the driver took.</summary>
    [Field(4)] public ulong DriverFeatures;
    /// <summary>The queue that queue registers show.</summary>
    [Field(5)] public uint QueueSelect;
    /// <summary>Counts changes of the device-specific configuration.</summary>
    [Field(6)] public uint ConfigGeneration;
    /// <summary>MSI-X vector of configuration changes.</summary>
    [Field(7)] public ushort ConfigVector = VirtQueueState.NoVector;
    /// <summary>ISR status (PCI without MSI-X) or InterruptStatus (MMIO).</summary>
    [Field(8)] public byte InterruptStatus;
    /// <summary>The queues.</summary>
    [Field(9, MaxLength = VirtioModel.MaximumQueues)] public VirtQueueState[] Queues = [];
    /// <summary>Configuration space, when on PCI.</summary>
    [Field(10)] public PciFunctionState Pci = new();
}

/// <summary>One virtqueue: where it is and how far both sides are.</summary>
[DeviceState("virtqueue", 1)]
public sealed partial class VirtQueueState
{
    /// <summary>No MSI-X vector (virtio 1.2, 4.1.5.1.2).</summary>
    public const ushort NoVector = 0xffff;

    /// <summary>Entries.</summary>
    [Field(1)] public ushort Size;
    /// <summary>The driver turned it on.</summary>
    [Field(2)] public bool IsEnabled;
    /// <summary>Guest physical address of the descriptor area.</summary>
    [Field(3)] public ulong Descriptors;
    /// <summary>Guest physical address of the driver area: available ring, or the driver's event suppression.</summary>
    [Field(4)] public ulong Driver;
    /// <summary>Guest physical address of the device area: used ring, or the device's event suppression.</summary>
    [Field(5)] public ulong Device;
    /// <summary>MSI-X vector of used buffers.</summary>
    [Field(6)] public ushort Vector = NoVector;
    /// <summary>Next buffer to take. Split: free-running index; packed: position.</summary>
    [Field(7)] public ushort NextAvailable;
    /// <summary>Where the next used buffer goes. Split: free-running index; packed: position.</summary>
    [Field(8)] public ushort NextUsed;
    /// <summary>The same for the first one that the driver has not been shown yet.</summary>
    [Field(9)] public ushort PublishedUsed;
    /// <summary>Packed: the driver's wrap counter at <see cref="NextAvailable"/>.</summary>
    [Field(10)] public bool AvailableWrap = true;
    /// <summary>Packed: the device's wrap counter at <see cref="NextUsed"/>.</summary>
    [Field(11)] public bool UsedWrap = true;
    /// <summary>Packed: the device's wrap counter at <see cref="PublishedUsed"/>.</summary>
    [Field(12)] public bool PublishedWrap = true;
    /// <summary>Packed: the flags that will show the driver the buffer at <see cref="PublishedUsed"/>.</summary>
    [Field(13)] public ushort PublishedFlags;
    /// <summary>Buffers taken since the device last found the queue empty or was notified.</summary>
    [Field(14)] public ushort Burst;
    /// <summary>The device stopped for others' sake and will be notified again.</summary>
    [Field(15)] public bool IsOwedNotification;

    internal void Clear(ushort size)
    {
        Size = size;
        IsEnabled = false;
        Descriptors = Driver = Device = 0;
        Vector = NoVector;
        Rewind();
    }

    /// <summary>To the first entry, as a queue is when it is turned on (virtio 1.2, 2.7 and 2.8.1: indices 0, wrap
    /// counters 1).</summary>
    internal void Rewind()
    {
        NextAvailable = NextUsed = PublishedUsed = PublishedFlags = Burst = 0;
        IsOwedNotification = false;
        AvailableWrap = UsedWrap = PublishedWrap = true;
    }
}
