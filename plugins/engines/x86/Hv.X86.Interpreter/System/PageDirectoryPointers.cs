using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>The four PDPTE registers of PAE paging (SDM vol. 3, 4.4.1): loaded by MOV to CR3 and by changes of CR0 and
/// CR4, not read again by page walks.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class PageDirectoryPointers
{
    public const int Count = 4;

    /// <summary>Whether the present mode has them.</summary>
    public static bool AreInUse(ulong cr0, ulong cr4, ulong efer) =>
        (cr0 & Cr0.Pg) != 0 && (cr4 & Cr4.Pae) != 0 && (efer & Efer.Lma) == 0;

    /// <summary>Loads the four from a CR3. False, with nothing changed, when a present one has reserved bits: the
    /// caller raises #GP(0).</summary>
    public static bool TryLoad(Cpu* cpu, ulong cr3)
    {
        ulong reserved = 0x1E6 | ~((1UL << Vcpu.Of(cpu).Model.PhysicalAddressBits) - 1);
        ulong* loaded = stackalloc ulong[Count];
        for (int i = 0; i < Count; i++)
        {
            loaded[i] = PageWalker.ReadEntry(cpu, (cr3 & 0xFFFF_FFE0) + (ulong)i * 8, sizeof(ulong));
            if ((loaded[i] & PageEntry.Present) != 0 && (loaded[i] & reserved) != 0)
                return false;
        }
        for (int i = 0; i < Count; i++)
            cpu->Pdpte[i] = loaded[i];
        cpu->ArePdptesLoaded = 1;
        return true;
    }

    /// <summary>One of them. A state that was written without them makes the first walk load them; all count as not
    /// present when one is invalid then.</summary>
    public static ulong Get(Cpu* cpu, int index)
    {
        if (cpu->ArePdptesLoaded == 0 && !TryLoad(cpu, cpu->Cr3))
            return 0;
        return cpu->Pdpte[index];
    }
}
