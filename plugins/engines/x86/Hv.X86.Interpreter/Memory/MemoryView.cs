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

/// <summary>Guest-physical memory as vCPUs in one mode see it: sorted slots. Immutable.</summary>
// SAFETY (whole class): the array is as long as slotCount says and lives until Dispose, which MemoryMap calls while no
// vCPU runs.
internal sealed unsafe class MemoryView : IDisposable
{
    private readonly int slotCount;
    private Slot* slots;

    /// <summary>Takes the slots that do not have a flag of <paramref name="excluded"/>.</summary>
    public MemoryView(ReadOnlySpan<MemorySlot> map, MemorySlotFlags excluded)
    {
        if (map.Length == 0) return;
        slots = (Slot*)NativeMemory.AllocZeroed((nuint)map.Length, (nuint)sizeof(Slot));
        foreach (ref readonly MemorySlot slot in map)
        {
            if ((slot.Flags & excluded) != 0) continue;
            slots[slotCount++] = new Slot
            {
                FirstPage = slot.Start.Value >> 12,
                Pages = slot.LengthBytes >> 12,
                Host = (byte*)slot.Host,
                FilePage = slot.FileOffset >> 12,
                Dirty = (slot.Flags & MemorySlotFlags.LogDirty) != 0 ? (byte*)slot.DirtyMap : null,
                IsReadOnly = (slot.Flags & MemorySlotFlags.ReadOnly) != 0,
            };
        }
    }

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

    public void Dispose()
    {
        NativeMemory.Free(slots);
        slots = null;
    }
}
