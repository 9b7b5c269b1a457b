using Hv.Sdk.Io;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Buses;

/// <summary>A device's claim on addresses of one space.</summary>
internal sealed class Region(AddressBus bus, DeviceNode node, string name, ulong length, IIoHandler handler,
    int token) : IRegion
{
    private volatile Mapping? mapping;

    public DeviceNode Node { get; } = node;
    public string Name { get; } = name;
    public IIoHandler Handler { get; } = handler;
    public int Token { get; } = token;
    public ulong Start { get; private set; }
    public ulong Length { get; } = length;
    public bool IsMapped => mapping is not null;

    /// <summary>Where it is now; a mapping found in an older table that is not this one is stale.</summary>
    public Mapping? Current => mapping;

    public void Map(ulong start)
    {
        if (mapping is { } present && present.Start == start) return;
        if (start > bus.LastAddress || Length - 1 > bus.LastAddress - start)
        {
            // A guest may program a BAR so; hardware then decodes nothing.
            Unmap();
            Start = start;
            return;
        }
        Start = start;
        Mapping next = new(this, start);
        Mapping? old = mapping;
        mapping = next;
        bus.Replace(old, next);
    }

    public void Unmap()
    {
        if (mapping is not { } old) return;
        mapping = null;
        bus.Replace(old, null);
    }

    public void Dispose() => Unmap();
}
