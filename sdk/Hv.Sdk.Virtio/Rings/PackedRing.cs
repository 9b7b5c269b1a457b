using System.Buffers.Binary;
using Hv.Sdk.Memory;

namespace Hv.Sdk.Virtio.Rings;

/// <summary>The packed layout: one ring that both sides write, with a wrap counter each (virtio 1.2, 2.8). Hot path:
/// allocates nothing.</summary>
internal static class PackedRing
{
    private const uint LengthOffset = 8;
    private const uint FlagsOffset = 14;

    // 2.8.14: event suppression structures: offset and wrap counter, then flags.
    private const uint EventFlagsOffset = 2;
    private const ushort EventEnable = 0;
    private const ushort EventDisable = 1;
    private const ushort EventDescriptor = 2;
    private const ushort EventWrap = 1 << 15;

    public static RingStatus TryPop(VirtQueueState q, VirtioEndpoint endpoint, VirtioChain chain, out string? error)
    {
        error = null;
        if (!TryLook(q, endpoint.Dma, out bool isAvailable)
            || (!isAvailable && (!TryArm(q, endpoint) || !TryLook(q, endpoint.Dma, out isAvailable))))
        {
            error = "a queue is not in RAM";
            return RingStatus.Broken;
        }
        if (!isAvailable) return RingStatus.Idle;
        error = ReadChain(q, endpoint, chain, out ushort id, out ushort count);
        if (error is not null) return RingStatus.Broken;
        chain.Token = new VirtioToken(id, count);
        Advance(q.Size, count, ref q.NextAvailable, ref q.AvailableWrap);
        return RingStatus.Taken;
    }

    public static bool TryComplete(VirtQueueState q, IDmaSpace dma, VirtioToken token, uint writtenBytes)
    {
        // 2.8.4: a used descriptor has AVAIL and USED equal to the device's wrap counter; WRITE says that the length
        // counts.
        int flags = (q.UsedWrap ? DescriptorFlags.Available | DescriptorFlags.Used : 0)
            | (writtenBytes != 0 ? DescriptorFlags.Write : 0);
        Span<byte> lengthAndId = stackalloc byte[6];
        BinaryPrimitives.WriteUInt32LittleEndian(lengthAndId, writtenBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(lengthAndId[4..], token.Id);
        ulong at = q.Descriptors + q.NextUsed * (ulong)Descriptor.Bytes;
        if (!dma.TryWrite(new GuestPhysicalAddress(at + LengthOffset), lengthAndId)) return false;
        // The flags of the first buffer are written last, by Publish: the driver sees none of the batch before.
        if (q.NextUsed == q.PublishedUsed && q.UsedWrap == q.PublishedWrap) q.PublishedFlags = (ushort)flags;
        else if (!dma.TryWriteUInt16(new GuestPhysicalAddress(at + FlagsOffset), (ushort)flags)) return false;
        Advance(q.Size, Math.Clamp(token.Count, (ushort)1, q.Size), ref q.NextUsed, ref q.UsedWrap);
        return true;
    }

    public static RingStatus Publish(VirtQueueState q, VirtioEndpoint endpoint)
    {
        if (q.NextUsed == q.PublishedUsed && q.UsedWrap == q.PublishedWrap) return RingStatus.Idle;
        IDmaSpace dma = endpoint.Dma;
        ulong first = q.Descriptors + q.PublishedUsed * (ulong)Descriptor.Bytes;
        ushort old = q.PublishedWrap == q.UsedWrap ? q.PublishedUsed : (ushort)(q.PublishedUsed - q.Size);
        if (!dma.TryWriteUInt16(
            new GuestPhysicalAddress(first + FlagsOffset), q.PublishedFlags)) return RingStatus.Broken;
        (q.PublishedUsed, q.PublishedWrap) = (q.NextUsed, q.UsedWrap);
        dma.Fence();
        if (!dma.TryReadUInt16(new GuestPhysicalAddress(q.Driver + EventFlagsOffset), out ushort flags)
            || !dma.TryReadUInt16(new GuestPhysicalAddress(q.Driver), out ushort wish)) return RingStatus.Broken;
        bool isWanted = (flags & 3) switch
        {
            EventDisable => false,
            EventDescriptor when endpoint.HasEventIndex => IsPassed(wish, q, old),
            _ => true,
        };
        return isWanted ? RingStatus.Interrupt : RingStatus.Idle;
    }

    /// <summary>A wish is a position and the wrap counter of its lap; a wish for the lap before counts from one ring
    /// lower.</summary>
    private static bool IsPassed(ushort wish, VirtQueueState q, ushort old)
    {
        ushort position = (ushort)(wish & ~EventWrap);
        if ((wish & EventWrap) != 0 != q.UsedWrap) position -= q.Size;
        return EventIndex.IsPassed(position, q.NextUsed, old);
    }

    /// <summary>2.8.1: available when AVAIL equals the driver's wrap counter and USED does not.</summary>
    private static bool TryLook(VirtQueueState q, IDmaSpace dma, out bool isAvailable)
    {
        ulong at = q.Descriptors + q.NextAvailable * (ulong)Descriptor.Bytes + FlagsOffset;
        bool isRam = dma.TryReadUInt16(new GuestPhysicalAddress(at), out ushort flags);
        isAvailable = (flags & DescriptorFlags.Available) != 0 == q.AvailableWrap
            && (flags & DescriptorFlags.Used) != 0 != q.AvailableWrap;
        return isRam;
    }

    private static bool TryArm(VirtQueueState q, VirtioEndpoint endpoint)
    {
        IDmaSpace dma = endpoint.Dma;
        ushort wish = (ushort)(q.NextAvailable | (q.AvailableWrap ? EventWrap : 0));
        ushort flags = endpoint.HasEventIndex ? EventDescriptor : EventEnable;
        if (!dma.TryWriteUInt16(new GuestPhysicalAddress(q.Device), wish)
            || !dma.TryWriteUInt16(new GuestPhysicalAddress(q.Device + EventFlagsOffset), flags)) return false;
        dma.Fence();
        return true;
    }

    /// <summary>Reads one buffer: consecutive descriptors while NEXT is set, the last of which has the ID
    /// (2.8.6).</summary>
    private static string? ReadChain(
        VirtQueueState q, VirtioEndpoint endpoint, VirtioChain chain, out ushort id, out ushort count)
    {
        chain.Clear();
        (id, count) = (0, 0);
        uint position = q.NextAvailable;
        while (true)
        {
            if (!Descriptor.TryRead(
                endpoint.Dma, q.Descriptors, position, isPacked: true,
                    out Descriptor d)) return "descriptors are not in RAM";
            id = d.Link;
            count++;
            if (d.IsIndirect)
            {
                // 2.8.7: never with NEXT, and only when agreed on.
                if (d.HasNext || !endpoint.HasIndirect) return "an indirect descriptor where there may be none";
                return ReadIndirect(endpoint.Dma, d.Address, d.LengthBytes, chain);
            }
            if (chain.Add(d.Address, d.LengthBytes, d.IsWritable) is { } mistake) return mistake;
            if (!d.HasNext) return null;
            if (count == q.Size) return "a chain of descriptors loops";
            position = position + 1 == q.Size ? 0 : position + 1;
        }
    }

    /// <summary>2.8.7: a table is read from its first to its last entry; only WRITE counts of the flags.</summary>
    private static string? ReadIndirect(IDmaSpace dma, ulong table, uint lengthBytes, VirtioChain chain)
    {
        if (IndirectTable.Error(lengthBytes) is { } error) return error;
        for (uint i = 0; i < lengthBytes / Descriptor.Bytes; i++)
        {
            if (!Descriptor.TryRead(
                dma, table, i, isPacked: true, out Descriptor d)) return "descriptors are not in RAM";
            if (chain.Add(d.Address, d.LengthBytes, d.IsWritable) is { } mistake) return mistake;
        }
        return null;
    }

    private static void Advance(ushort size, ushort count, ref ushort position, ref bool wrap)
    {
        int next = position + count;
        if (next >= size)
        {
            next -= size;
            wrap = !wrap;
        }
        position = (ushort)next;
    }
}
