using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Virtual-8086 mode's extensions (SDM vol. 3, 20.3).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class Virtual8086
{
    private const uint IoMapBaseOffset = 0x66;
    private const int RedirectionBytes = 32;

    /// <summary>Whether INT n goes to the program's own interrupt table: CR4.VME, and the vector's bit in the redirection bitmap, which lies
    /// in the 32 bytes below the I/O permission bitmap, is clear. The result is false when reading the TSS faulted.</summary>
    public static bool IsRedirected(Cpu* cpu, byte vector, out bool isRedirected)
    {
        isRedirected = false;
        const int tss32 = 8;
        if ((cpu->Cr4 & Cr4.Vme) == 0 || (cpu->Tr.Attributes & tss32) == 0 || cpu->Tr.Limit < IoMapBaseOffset + 1)
            return true;
        if (!SystemMemory.Read(cpu, (uint)(cpu->Tr.Base + IoMapBaseOffset), 2, out ulong ioMapBase))
            return false;
        ulong at = ioMapBase - RedirectionBytes + vector / 8u;
        if (ioMapBase < RedirectionBytes || at > cpu->Tr.Limit)
            return SystemFault.GeneralProtection(cpu);
        if (!SystemMemory.Read(cpu, (uint)(cpu->Tr.Base + at), 1, out ulong bits))
            return false;
        isRedirected = (bits >> (vector & 7) & 1) == 0;
        return true;
    }
}
