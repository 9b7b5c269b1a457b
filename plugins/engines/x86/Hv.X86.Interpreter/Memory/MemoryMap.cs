using System.Runtime.InteropServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>A partition's guest-physical memory in both views and, for each page of the VM's memory file, which 64-byte
/// granules hold code that some vCPU has decoded. The map is replaced only while no vCPU runs; the code bits are shared
/// by all vCPUs and changed atomically.</summary>
internal sealed unsafe class MemoryMap : IDisposable
{
    private ulong* codeBits;
    private ulong codePages;

    /// <summary>What vCPUs outside system-management mode see.</summary>
    public MemoryView Normal { get; private set; } = new([], MemorySlotFlags.None);

    /// <summary>What vCPUs in system-management mode see; the same object when there is no difference.</summary>
    public MemoryView Smm { get; private set; } = new([], MemorySlotFlags.None);

    /// <summary>Replaces the slots. All code bits are cleared: the caller drops all blocks and translations.</summary>
    // SAFETY: no vCPU is inside Run (IPartition.SetMemoryMap), so nobody reads the old arrays.
    public void Set(ReadOnlySpan<MemorySlot> map)
    {
        Free();
        bool hasSmm = false;
        foreach (ref readonly MemorySlot slot in map)
        {
            hasSmm |= (slot.Flags & (MemorySlotFlags.SmmOnly | MemorySlotFlags.HiddenInSmm)) != 0;
            codePages = Math.Max(codePages, (slot.FileOffset + slot.LengthBytes) >> 12);
        }
        Normal = new MemoryView(map, MemorySlotFlags.SmmOnly);
        Smm = hasSmm ? new MemoryView(map, MemorySlotFlags.HiddenInSmm) : Normal;
        // Untouched pages of this array cost nothing: the allocator maps zeroes.
        codeBits = (ulong*)NativeMemory.AllocZeroed((nuint)codePages, sizeof(ulong));
    }

    /// <summary>Pages of the VM's memory file, as far as slots use it.</summary>
    public ulong FilePages => codePages;

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
        Normal.Dispose();
        Smm.Dispose();
        NativeMemory.Free(codeBits);
        codeBits = null;
        codePages = 0;
    }
}
