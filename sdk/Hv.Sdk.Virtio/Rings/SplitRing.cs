using System.Buffers.Binary;
using Hv.Sdk.Memory;

namespace Hv.Sdk.Virtio.Rings;

/// <summary>The split layout: descriptor table, available ring, used ring (virtio 1.2, 2.7). Hot path: allocates
/// nothing.</summary>
internal static class SplitRing
{
    // 2.7.6 and 2.7.8: both rings begin with flags and idx, then the entries, then the other side's event index.
    private const uint IndexOffset = 2;
    private const uint EntriesOffset = 4;
    private const uint AvailableEntryBytes = 2;
    private const uint UsedEntryBytes = 8;
    private const ushort NoInterrupt = 1;

    public static RingStatus TryPop(VirtQueueState q, VirtioEndpoint endpoint, VirtioChain chain, out string? error)
    {
        IDmaSpace dma = endpoint.Dma;
        if (!TryCountAvailable(q, dma, out int count)) return Broken(out error, "a queue is not in RAM");
        if (count == 0)
        {
            // Say where we stopped, then look again: the driver may have added a buffer before it could see that
            // (2.7.7.1).
            if (!TryArm(q, endpoint) || !TryCountAvailable(q, dma, out count)) return Broken(
                out error, "a queue is not in RAM");
        }
        error = null;
        if (count == 0) return RingStatus.Idle;
        if (count > q.Size) return Broken(out error, "the available index moved by more than the queue's size");
        ulong entry = q.Driver + EntriesOffset + (uint)(q.NextAvailable & (q.Size - 1)) * AvailableEntryBytes;
        if (!dma.TryReadUInt16(new GuestPhysicalAddress(entry), out ushort head)) return Broken(
            out error, "a queue is not in RAM");
        error = ReadChain(q, endpoint, head, chain);
        if (error is not null) return RingStatus.Broken;
        q.NextAvailable++;
        chain.Token = new VirtioToken(head, 1);
        return RingStatus.Taken;
    }

    public static bool TryComplete(VirtQueueState q, IDmaSpace dma, VirtioToken token, uint writtenBytes)
    {
        Span<byte> entry = stackalloc byte[(int)UsedEntryBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, token.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], writtenBytes);
        ulong at = q.Device + EntriesOffset + (uint)(q.NextUsed & (q.Size - 1)) * UsedEntryBytes;
        q.NextUsed++;
        return dma.TryWrite(new GuestPhysicalAddress(at), entry);
    }

    public static RingStatus Publish(VirtQueueState q, VirtioEndpoint endpoint)
    {
        ushort old = q.PublishedUsed;
        if (q.NextUsed == old) return RingStatus.Idle;
        q.PublishedUsed = q.NextUsed;
        IDmaSpace dma = endpoint.Dma;
        if (!dma.TryWriteUInt16(new GuestPhysicalAddress(q.Device + IndexOffset), q.NextUsed)) return RingStatus.Broken;
        // The driver writes its wish and then looks at the index; we write the index and then look at the wish
        // (2.7.7.2).
        dma.Fence();
        ulong wish = endpoint.HasEventIndex ? q.Driver + EntriesOffset + q.Size * AvailableEntryBytes : q.Driver;
        if (!dma.TryReadUInt16(new GuestPhysicalAddress(wish), out ushort value)) return RingStatus.Broken;
        bool isWanted = endpoint.HasEventIndex
            ? EventIndex.IsPassed(value, q.NextUsed, old) : (value & NoInterrupt) == 0;
        return isWanted ? RingStatus.Interrupt : RingStatus.Idle;
    }

    private static bool TryCountAvailable(VirtQueueState q, IDmaSpace dma, out int count)
    {
        bool isRam = dma.TryReadUInt16(new GuestPhysicalAddress(q.Driver + IndexOffset), out ushort index);
        count = (ushort)(index - q.NextAvailable);
        return isRam;
    }

    /// <summary>Asks to be notified of the next buffer. Without event indices the flags in the used ring stay 0: always
    /// notified.</summary>
    private static bool TryArm(VirtQueueState q, VirtioEndpoint endpoint)
    {
        if (!endpoint.HasEventIndex) return true;
        ulong wish = q.Device + EntriesOffset + q.Size * UsedEntryBytes;
        if (!endpoint.Dma.TryWriteUInt16(new GuestPhysicalAddress(wish), q.NextAvailable)) return false;
        endpoint.Dma.Fence();
        return true;
    }

    /// <summary>Follows the descriptors from <paramref name="head"/>; null, or the driver's mistake. A loop ends when
    /// it has visited more descriptors than its table has.</summary>
    private static string? ReadChain(VirtQueueState q, VirtioEndpoint endpoint, uint head, VirtioChain chain)
    {
        chain.Clear();
        ulong table = q.Descriptors;
        uint tableCount = q.Size;
        uint index = head;
        bool isIndirect = false;
        for (uint visited = 0; ; visited++)
        {
            if (visited >= tableCount) return "a chain of descriptors loops";
            if (index >= tableCount) return "a descriptor's index is beyond its table";
            if (!Descriptor.TryRead(
                endpoint.Dma, table, index, isPacked: false, out Descriptor d)) return "descriptors are not in RAM";
            if (d.IsIndirect)
            {
                // 2.7.5.3.1: never nested, never with NEXT, and only when agreed on. Its WRITE flag means nothing
                // (2.7.5.3.2).
                if (isIndirect || d.HasNext
                    || !endpoint.HasIndirect) return "an indirect descriptor where there may be none";
                if (IndirectTable.Error(d.LengthBytes) is { } error) return error;
                (table, tableCount, index, isIndirect) = (d.Address, d.LengthBytes / Descriptor.Bytes, 0, true);
                visited = uint.MaxValue;
                continue;
            }
            if (chain.Add(d.Address, d.LengthBytes, d.IsWritable) is { } mistake) return mistake;
            if (!d.HasNext) return null;
            index = d.Link;
        }
    }

    private static RingStatus Broken(out string? error, string message)
    {
        error = message;
        return RingStatus.Broken;
    }
}
