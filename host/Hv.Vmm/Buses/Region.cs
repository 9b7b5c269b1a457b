using Hv.Sdk.Io;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Buses;

/// <summary>A device's claim on addresses of one space. The claim of an instance that is not live yet only remembers
/// where it is to be.</summary>
internal sealed class Region(AddressBus bus, DeviceNode node, string name, ulong length, IIoHandler handler,
    int token, bool isLive = true) : IRegion
{
    private volatile Mapping? mapping;
    private bool isWanted;
    private bool isCut;

    public AddressBus Bus { get; } = bus;
    public DeviceNode Node { get; } = node;
    public string Name { get; } = name;
    /// <summary>Who answers. Replaced only while nothing runs and it is not mapped.</summary>
    public IIoHandler Handler { get; set; } = handler;
    /// <summary>Its place for faults.</summary>
    public string FaultPoint { get; init; } = $"region:{name}";
    public int Token { get; } = token;
    public ulong Start { get; private set; }
    public ulong Length { get; } = length;
    public bool IsMapped => isLive ? mapping is not null : isWanted;

    /// <summary>Where it is now; a mapping found in an older table that is not this one is stale.</summary>
    public Mapping? Current => mapping;

    public void Map(ulong start)
    {
        if (isCut || (mapping is { } present && present.Start == start)) return;
        if (start > Bus.LastAddress || Length - 1 > Bus.LastAddress - start)
        {
            // A guest may program a BAR so; hardware then decodes nothing.
            Unmap();
            Start = start;
            return;
        }
        Start = start;
        isWanted = true;
        if (!isLive) return;
        Mapping next = new(this, start);
        Mapping? old = mapping;
        mapping = next;
        Bus.Replace(old, next);
    }

    public void Unmap()
    {
        isWanted = false;
        if (mapping is not { } old) return;
        mapping = null;
        Bus.Replace(old, null);
    }

    public void Dispose() => Unmap();

    /// <summary>The claim takes effect; gives what goes into the bus's table. While nothing runs.</summary>
    public Mapping? GoLive()
    {
        isLive = true;
        if (isWanted) mapping = new Mapping(this, Start);
        return mapping;
    }

    /// <summary>The claim has no effect any more; gives what goes out of the bus's table. While nothing runs.</summary>
    public Mapping? Cut()
    {
        Mapping? old = mapping;
        mapping = null;
        isWanted = false;
        isCut = true;
        return old;
    }
}
