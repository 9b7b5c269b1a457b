namespace Hv.Sdk.Virtio;

/// <summary>What a virtio device is, fixed when it is attached.</summary>
public sealed class VirtioModel
{
    /// <summary>Most queues of a device: their doorbells share a page.</summary>
    public const int MaximumQueues = 1024;

    /// <summary>Device ID (virtio 1.2, section 5): 1 network card, 2 block device…</summary>
    public required ushort DeviceId { get; init; }
    /// <summary>PCI class code, 24 bits, for the PCI transport.</summary>
    public required uint PciClass { get; init; }
    /// <summary>Features that the device offers: its own bits 0–23 and 50–127 are those of its type. The kit adds
    /// <see cref="VirtioFeature.Version1"/>, <see cref="VirtioFeature.IndirectDescriptors"/>,
    /// <see cref="VirtioFeature.EventIndex"/> and <see cref="VirtioFeature.RingReset"/>.</summary>
    public required ulong Features { get; init; }
    /// <summary>Largest size of each queue, powers of two up to 32768.</summary>
    public required IReadOnlyList<ushort> QueueSizes { get; init; }
    /// <summary>Length of the device-specific configuration in bytes, at most 256.</summary>
    public required int ConfigBytes { get; init; }
}
