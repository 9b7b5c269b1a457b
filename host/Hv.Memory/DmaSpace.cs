using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hv.Sdk;
using Hv.Sdk.Memory;

namespace Hv.Memory;

/// <summary>Guest memory as bus masters see it. Nothing outside RAM (and ROM, for reads) can be reached, whatever
/// address and length a guest gives. Writes drop translated code and mark pages dirty before and after.</summary>
public sealed class DmaSpace : IDmaSpace, IDmaOwner
{
    private readonly GuestMemory memory;
    private readonly LeasePool leases;

    internal DmaSpace(GuestMemory memory, LeasePool leases)
    {
        this.memory = memory;
        this.leases = leases;
    }

    /// <summary>Hot path.</summary>
    public bool TryRead(GuestPhysicalAddress address, Span<byte> to)
    {
        MemoryMap map = memory.Map;
        ulong at = address.Value;
        while (to.Length > 0)
        {
            int run = Run(map, at, to.Length, write: false);
            if (run == 0 || !map.TryResolve(at, (ulong)run, write: false, out ulong offset)) return false;
            memory.Span(offset, run).CopyTo(to);
            to = to[run..];
            at += (ulong)run;
        }
        return true;
    }

    /// <summary>Hot path.</summary>
    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from)
    {
        MemoryMap map = memory.Map;
        if (!IsAllMemory(map, address.Value, from.Length)) return false;
        ulong at = address.Value;
        while (from.Length > 0)
        {
            int run = Run(map, at, from.Length, write: true);
            _ = map.TryResolve(at, (ulong)run, write: true, out ulong offset);
            memory.Touch(at, offset, (ulong)run);
            from[..run].CopyTo(memory.Span(offset, run));
            memory.Touch(at, offset, (ulong)run);
            from = from[run..];
            at += (ulong)run;
        }
        return true;
    }

    /// <summary>Hot path.</summary>
    public bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window)
    {
        bool write = (access & DmaAccess.Write) != 0;
        if (lengthBytes < 0 || !memory.Map.TryResolve(address.Value, (ulong)lengthBytes, write, out ulong offset))
        {
            window = default;
            return false;
        }
        if (write) memory.Touch(address.Value, offset, (ulong)lengthBytes);
        window = new DmaWindow(memory.Span(offset, lengthBytes), write ? this : null, address);
        return true;
    }

    /// <inheritdoc/>
    public void Written(GuestPhysicalAddress address, int lengthBytes)
    {
        if (memory.Map.TryResolve(address.Value, (ulong)lengthBytes, write: true, out ulong offset))
            memory.Touch(address.Value, offset, (ulong)lengthBytes);
    }

    /// <inheritdoc/>
    public bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease)
    {
        lease = null!;
        bool write = (access & DmaAccess.Write) != 0;
        if (lengthBytes < 0 || !memory.Map.TryResolve(address.Value, (ulong)lengthBytes, write, out ulong offset))
            return false;
        lease = leases.Take(address.Value, offset, lengthBytes, access);
        return true;
    }

    /// <summary>Hot path.</summary>
    public bool TryReadUInt16(GuestPhysicalAddress address, out ushort value)
    {
        value = 0;
        if ((address.Value & 1) != 0 || !memory.Map.TryResolve(address.Value, 2, write: false, out ulong offset))
            return false;
        ushort raw = Volatile.Read(ref Word(offset));
        value = BitConverter.IsLittleEndian ? raw : BinaryPrimitives.ReverseEndianness(raw);
        return true;
    }

    /// <summary>Hot path.</summary>
    public bool TryWriteUInt16(GuestPhysicalAddress address, ushort value)
    {
        if ((address.Value & 1) != 0 || !memory.Map.TryResolve(address.Value, 2, write: true, out ulong offset))
            return false;
        memory.Touch(address.Value, offset, 2);
        ushort raw = BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
        Volatile.Write(ref Word(offset), raw);
        memory.Touch(address.Value, offset, 2);
        return true;
    }

    /// <inheritdoc/>
    public bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes)
    {
        MemoryMap map = memory.Map;
        ulong end = address.Value + lengthBytes;
        ulong first = address.Value + (MemoryMap.PageBytes - 1) & ~(MemoryMap.PageBytes - 1);
        if (end < address.Value || first < address.Value) return false;
        if (!map.TryResolve(address.Value, lengthBytes, write: true, out ulong offset)) return false;
        ulong last = end & ~(MemoryMap.PageBytes - 1);
        if (last <= first) return false;
        ulong pages = offset + (first - address.Value);
        memory.Touch(first, pages, last - first);
        bool isDone = memory.DiscardPages(pages, last - first);
        memory.Touch(first, pages, last - first);
        return isDone;
    }

    /// <inheritdoc/>
    public void Fence() => Interlocked.MemoryBarrier();

    private ref ushort Word(ulong offset) => ref MemoryMarshal.AsRef<ushort>(memory.Span(offset, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Run(MemoryMap map, ulong address, int wanted, bool write) =>
        (int)Math.Min((ulong)wanted, map.RunLength(address, write));

    private static bool IsAllMemory(MemoryMap map, ulong address, int lengthBytes)
    {
        while (lengthBytes > 0)
        {
            int run = Run(map, address, lengthBytes, write: true);
            if (run == 0) return false;
            lengthBytes -= run;
            address += (ulong)run;
        }
        return true;
    }
}
