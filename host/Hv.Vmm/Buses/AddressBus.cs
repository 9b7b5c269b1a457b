using Hv.Sdk;
using Hv.Sdk.Io;

namespace Hv.Vmm.Buses;

/// <summary>One address space with what answers in it. Lookups read an immutable table; mapping replaces it.</summary>
internal sealed class AddressBus
{
    private readonly Lock gate = new();
    private readonly List<Mapping> mappings = [];
    private volatile BusTable table;

    public AddressBus(AddressSpace space)
    {
        LastAddress = space == AddressSpace.Ports ? 0xffff : ulong.MaxValue;
        table = new BusTable(mappings, LastAddress);
    }

    public ulong LastAddress { get; }
    public BusTable Table => table;

    /// <summary>Accesses that nothing answered. Counted by all vCPUs, so approximate.</summary>
    public ulong OpenAccesses;

    /// <summary>Takes one mapping away and puts another on top. Called on the region's strand; the gate is the
    /// innermost lock.</summary>
    public void Replace(Mapping? old, Mapping? next)
    {
        lock (gate)
        {
            if (old is not null) mappings.Remove(old);
            if (next is not null) mappings.Add(next);
            table = new BusTable(mappings, LastAddress);
        }
    }

    /// <summary>Takes mappings away and puts others in, each in the place of the one that it follows, so that what hid
    /// what stays so; those that follow none go on top. While nothing runs.</summary>
    public void Exchange(IReadOnlyCollection<Mapping> old, IReadOnlyList<(Mapping Next, Mapping? InPlaceOf)> next)
    {
        lock (gate)
        {
            foreach ((Mapping mapping, Mapping? place) in next)
            {
                int index = place is null ? -1 : mappings.IndexOf(place);
                mappings.Insert(index < 0 ? mappings.Count : index, mapping);
            }
            mappings.RemoveAll(old.Contains);
            table = new BusTable(mappings, LastAddress);
        }
    }

    /// <summary>Hot path: an access that lies within one interval of the table. False when the mapping was stale: look
    /// again.</summary>
    public bool TryRead(Mapping mapping, ulong address, int size, ushort initiator, IoFlags flags,
        out IoStatus status, out ulong value)
    {
        value = 0;
        status = IoStatus.BusError;
        if (mapping.Node.IsFailed) return true;
        using StrandScope scope = mapping.Node.Strand.Enter();
        if (mapping.Region.Current != mapping) return false;
        IoAccess access = new()
        {
            Offset = address - mapping.Start,
            Token = mapping.Token,
            Initiator = initiator,
            Size = (byte)size,
            Flags = flags,
        };
        try
        {
            status = mapping.Handler.Read(access, out value);
            if (status == IoStatus.Ok) mapping.Node.Reads++;
            else if (status != IoStatus.Deferred) mapping.Node.Misses++;
        }
        catch (Exception e)
        {
            mapping.Node.Fail($"reading {size} bytes at {mapping.Region.Name}+0x{access.Offset:x}", e);
        }
        return true;
    }

    /// <summary>Hot path: as <see cref="TryRead"/>.</summary>
    public bool TryWrite(Mapping mapping, ulong address, int size, ulong value, ushort initiator, IoFlags flags,
        out IoStatus status)
    {
        status = IoStatus.BusError;
        if (mapping.Node.IsFailed) return true;
        using StrandScope scope = mapping.Node.Strand.Enter();
        if (mapping.Region.Current != mapping) return false;
        IoAccess access = new()
        {
            Offset = address - mapping.Start,
            Token = mapping.Token,
            Initiator = initiator,
            Size = (byte)size,
            Flags = flags,
        };
        try
        {
            status = mapping.Handler.Write(access, value);
            if (status == IoStatus.Ok) mapping.Node.Writes++;
            else mapping.Node.Misses++;
        }
        catch (Exception e)
        {
            mapping.Node.Fail($"writing {size} bytes at {mapping.Region.Name}+0x{access.Offset:x}", e);
        }
        return true;
    }
}
