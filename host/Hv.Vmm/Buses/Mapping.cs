using Hv.Sdk.Io;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Buses;

/// <summary>A region at an address: immutable, so that a table of them can be read without a lock. When the region
/// moves it gets another.</summary>
internal sealed class Mapping(Region region, ulong start)
{
    public readonly Region Region = region;
    public readonly DeviceNode Node = region.Node;
    public readonly IIoHandler Handler = region.Handler;
    public readonly int Token = region.Token;
    public readonly ulong Start = start;
    /// <summary>The last address in it.</summary>
    public readonly ulong Last = start + (region.Length - 1);
}
