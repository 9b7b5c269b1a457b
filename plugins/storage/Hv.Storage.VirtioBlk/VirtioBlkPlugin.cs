using Hv.Sdk;

namespace Hv.Storage.VirtioBlk;

/// <summary>Makes virtio block devices.</summary>
[Device("virtio-blk", Title = "Virtio 1.2 block device")]
public sealed class VirtioBlkPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => VirtioBlkOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new VirtioBlk(VirtioBlkOptions.Bind(options));
}

/// <summary>Options of <c>virtio-blk</c>.</summary>
[Options]
public sealed partial record VirtioBlkOptions
{
    /// <summary>Request queues.</summary>
    [Option("request queues; 0: one for each vCPU, at most 16", Maximum = 64)]
    public ushort Queues { get; init; }
    /// <summary>Entries of each queue.</summary>
    [Option("entries of each queue, a power of two", Minimum = 4, Maximum = 1024)]
    public ushort QueueSize { get; init; } = 256;
    /// <summary>Offer the packed ring.</summary>
    [Option("offer the packed ring layout")]
    public bool Packed { get; init; }
}
