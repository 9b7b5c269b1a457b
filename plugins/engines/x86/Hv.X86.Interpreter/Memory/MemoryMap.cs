using System.Runtime.InteropServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>A memory slot as the engine keeps it.</summary>
internal unsafe struct Slot
{
    /// <summary>First guest physical page.</summary>
    public ulong FirstPage;
    /// <summary>Number of pages.</summary>
    public ulong Pages;
    /// <summary>Host address of the first byte.</summary>
    public byte* Host;
    /// <summary>First page in the VM's memory file: what code is keyed by, the same for aliases.</summary>
    public ulong FilePage;
    /// <summary>One byte per page, or null.</summary>
    public byte* Dirty;
    /// <summary>Guest writes go to the bus.</summary>
    public bool IsReadOnly;
}

/// <summary>A partition's guest-physical memory and, for each page of the VM's memory file, which 64-byte granules hold
/// code that some vCPU has decoded. The map is replaced only while no vCPU runs; the code bits are shared by all vCPUs
/// and changed atomically.</summary>
internal sealed unsafe class MemoryMap : IDisposable
{
    private Slot* slots;
    private int slotCount;
    private ulong* codeBits;
    private ulong codePages;

    /// <summary>Replaces the slots. All code bits are cleared: the caller drops all blocks and translations.</summary>
    // SAFETY: no vCPU is inside Run (IPartition.SetMemoryMap), so nobody reads the old arrays.
    public void Set(ReadOnlySpan<MemorySlot> map)
    {
        Free();
        slots = (Slot*)NativeMemory.AllocZeroed((nuint)Math.Max(1, map.Length), (nuint)sizeof(Slot));
        slotCount = map.Length;
        for (int i = 0; i < map.Length; i++)
        {
            ref readonly MemorySlot slot = ref map[i];
            slots[i] = new Slot
            {
                FirstPage = slot.Start.Value >> 12,
                Pages = slot.LengthBytes >> 12,
                Host = (byte*)slot.Host,
                FilePage = slot.FileOffset >> 12,
                Dirty = (slot.Flags & MemorySlotFlags.LogDirty) != 0 ? (byte*)slot.DirtyMap : null,
                IsReadOnly = (slot.Flags & MemorySlotFlags.ReadOnly) != 0,
            };
            codePages = Math.Max(codePages, slots[i].FilePage + slots[i].Pages);
        }
        // Untouched pages of this array cost nothing: the allocator maps zeroes.
        codeBits = (ulong*)NativeMemory.AllocZeroed((nuint)codePages, sizeof(ulong));
    }

    /// <summary>Pages of the VM's memory file, as far as slots use it.</summary>
    public ulong FilePages => codePages;

    /// <summary>The slot that holds a guest physical page, or null.</summary>
    public Slot* Find(ulong page)
    {
        int low = 0, high = slotCount - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            Slot* slot = slots + middle;
            if (page < slot->FirstPage) high = middle - 1;
            else if (page - slot->FirstPage >= slot->Pages) low = middle + 1;
            else return slot;
        }
        return null;
    }

    /// <summary>Host address of a guest physical address in RAM or ROM, or null.</summary>
    public byte* HostPointer(ulong gpa)
    {
        Slot* slot = Find(gpa >> 12);
        return slot == null ? null : slot->Host + (gpa - (slot->FirstPage << 12));
    }

    /// <summary>The code granules of a file page.</summary>
    public ulong CodeBits(ulong filePage) => Volatile.Read(ref codeBits[filePage]);

    /// <summary>Adds code granules. True when the page had none.</summary>
    public bool AddCode(ulong filePage, ulong granules) => Interlocked.Or(ref codeBits[filePage], granules) == 0;

    /// <summary>Takes code granules away; gives those that were set.</summary>
    public ulong TakeCode(ulong filePage, ulong granules)
    {
        // A plain look first: almost every write finds nothing.
        if ((Volatile.Read(ref codeBits[filePage]) & granules) == 0) return 0;
        return Interlocked.And(ref codeBits[filePage], ~granules) & granules;
    }

    /// <summary>The granules that a range inside one page touches.</summary>
    public static ulong Granules(uint offset, uint length)
    {
        uint first = offset >> 6, last = (offset + length - 1) >> 6;
        return (ulong.MaxValue << (int)first) & (ulong.MaxValue >> (int)(63 - last));
    }

    public void Dispose() => Free();

    private void Free()
    {
        NativeMemory.Free(slots);
        NativeMemory.Free(codeBits);
        slots = null;
        codeBits = null;
        slotCount = 0;
        codePages = 0;
    }
}
