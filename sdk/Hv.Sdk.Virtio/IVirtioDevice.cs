namespace Hv.Sdk.Virtio;

/// <summary>A device behind virtqueues, as its author writes it. Every member is called on the device's strand and
/// allocates nothing; only <see cref="QueueNotified"/> is called while requests may come.</summary>
public interface IVirtioDevice
{
    /// <summary>Writes the whole device-specific configuration, little-endian, as it is now. The span is zeroed before.
    /// Changes nothing.</summary>
    void FillConfig(Span<byte> config);

    /// <summary>The driver wrote into the device-specific configuration. Bytes that are read-only are
    /// ignored.</summary>
    void WriteConfig(int offset, ReadOnlySpan<byte> value);

    /// <summary>Whether this subset of the offered features makes sense (virtio 1.2, 2.2.1 and each device's "feature
    /// bit requirements").</summary>
    bool AcceptsFeatures(ulong features);

    /// <summary>The driver is ready (DRIVER_OK). Every enabled queue is notified right after.</summary>
    void DriverReady();

    /// <summary>There may be new buffers in this queue: take them until <see cref="VirtQueue.TryPop"/> gives
    /// none.</summary>
    void QueueNotified(VirtQueue queue);

    /// <summary>The driver reset or stopped one queue: forget its buffers. On return nothing reads or writes them any
    /// more, whatever the host is still busy with (virtio 1.2, 2.6.1): drivers take the memory back at once, those on
    /// MMIO without asking.</summary>
    void QueueReset(VirtQueue queue);

    /// <summary>The driver reset the device: forget everything that is not an option, with the promise of
    /// <see cref="QueueReset"/> for all buffers (virtio 1.2, 2.4.1). The kit has reset the queues already.</summary>
    void DriverReset();
}
