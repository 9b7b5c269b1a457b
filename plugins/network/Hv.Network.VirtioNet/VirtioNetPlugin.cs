using Hv.Sdk;

namespace Hv.Network.VirtioNet;

/// <summary>Makes virtio network cards.</summary>
[Device("virtio-net", Title = "Virtio 1.2 network card")]
public sealed class VirtioNetPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => VirtioNetOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new VirtioNet(VirtioNetOptions.Bind(options));
}

/// <summary>Options of <c>virtio-net</c>.</summary>
[Options]
public sealed partial record VirtioNetOptions
{
    /// <summary>The card's address.</summary>
    [Option("Ethernet address, for example 02:00:00:12:34:56; from the machine's seed when not given")]
    public string? Mac { get; init; }
    /// <summary>Pairs of queues.</summary>
    [Option("pairs of receive and transmit queues; 0: one for each vCPU, at most 8", Maximum = 64)]
    public ushort Queues { get; init; }
    /// <summary>Entries of each queue.</summary>
    [Option("entries of each queue, a power of two", Minimum = 16, Maximum = 1024)]
    public ushort QueueSize { get; init; } = 256;
    /// <summary>The MTU that the driver is told.</summary>
    [Option("MTU that the guest is told, 68 or more; 0: the guest's own default", Maximum = 65535)]
    public ushort Mtu { get; init; }
    /// <summary>Offer checksum and segmentation offload.</summary>
    [Option("offer checksum and segmentation offload")]
    public bool Offload { get; init; } = true;
    /// <summary>Offer the packed ring.</summary>
    [Option("offer the packed ring layout")]
    public bool Packed { get; init; }
}
