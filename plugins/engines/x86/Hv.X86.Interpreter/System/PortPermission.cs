using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Who may use I/O ports (SDM vol. 1, 19.5): CPL against IOPL, then the TSS's permission bitmap.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class PortPermission
{
    private const uint IoMapBaseOffset = 0x66;

    /// <summary>Checks an access of 1, 2 or 4 ports, and notes the I/O breakpoints that it hits. False: an exception is recorded, Rip as
    /// it was.</summary>
    public static bool Check(Cpu* cpu, ushort port, int size)
    {
        if (!IsAllowed(cpu, port, size))
            return false;
        DebugRegisters.NotePort(cpu, port, size);
        return true;
    }

    private static bool IsAllowed(Cpu* cpu, ushort port, int size)
    {
        if ((cpu->Cr0 & Cr0.Pe) == 0)
            return true;
        bool isVirtual8086 = (cpu->Rflags & Rflags.Vm) != 0;
        if (!isVirtual8086 && cpu->Cpl <= FlagRules.IoPrivilege(cpu))
            return true;
        const int tss32 = 8;
        if ((cpu->Tr.Attributes & tss32) == 0 || cpu->Tr.Limit < IoMapBaseOffset + 1)
            return SystemFault.GeneralProtection(cpu);
        if (!ReadTss(cpu, IoMapBaseOffset, 2, out ulong mapBase))
            return false;
        // Always two bytes, so that an access across a byte boundary needs one read; the map ends with a byte of ones for that.
        ulong at = mapBase + port / 8u;
        if (at + 1 > cpu->Tr.Limit)
            return SystemFault.GeneralProtection(cpu);
        if (!ReadTss(cpu, at, 2, out ulong bits))
            return false;
        ulong wanted = (1UL << size) - 1;
        return (bits >> (port & 7) & wanted) == 0 || SystemFault.GeneralProtection(cpu);
    }

    private static bool ReadTss(Cpu* cpu, ulong offset, int size, out ulong value)
    {
        ulong linear = cpu->Tr.Base + offset;
        return SystemMemory.Read(cpu, DescriptorTables.IsLongMode(cpu) ? linear : (uint)linear, size, out value);
    }
}
