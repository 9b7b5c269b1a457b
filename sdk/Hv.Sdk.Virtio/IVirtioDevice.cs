namespace Hv.Sdk.Virtio;

/// <summary>A device behind virtqueues, as its author writes it. Every member is called on the device's strand and allocates nothing;
/// only <see cref="QueueNotified"/> is called while requests may come.</summary>
public interface IVirtioDevice
{
    /// <summary>Writes the whole device-specific configuration, little-endian, as it is now. The span is zeroed before. Changes nothing.</summary>
    void FillConfig(Span<byte> config);

    /// <summary>The driver wrote into the device-specific configuration. Bytes that are read-only are ignored.</summary>
    void WriteConfig(int offset, ReadOnlySpan<byte> value);

    /// <summary>Whether this subset of the offered features makes sense (virtio 1.2, 2.2.1 and each device's "feature bit requirements").</summary>
    bool AcceptsFeatures(ulong features);

    /// <summary>The driver is ready (DRIVER_OK). Every enabled queue is notified right after.</summary>
    void DriverReady();

    /// <summary>There may be new buffers in this queue: take them until <see cref="VirtQueue.TryPop"/> gives none.</summary>
    void QueueNotified(VirtQueue queue);

    /// <summary>The driver reset one queue: forget its buffers. What is still in flight keeps the queue from being <see cref="IsIdle"/>.</summary>
    void QueueReset(VirtQueue queue);

    /// <summary>The driver reset the device: forget everything that is not an option. The kit has reset the queues already.</summary>
    void DriverReset();

    /// <summary>False while requests that a reset cut off may still read or write guest memory: until then the driver sees the
    /// reset as not finished (virtio 1.2, 2.4.1). A negative <paramref name="queue"/> asks about all.</summary>
    bool IsIdle(int queue);
}
