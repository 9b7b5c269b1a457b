using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>DR0 to DR7 and what they catch (SDM vol. 3, 17.2 and 17.3).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class DebugRegisters
{
    private const int Count = 4;
    private const int KindExecute = 0, KindWrite = 1, KindIo = 2;

    /// <summary>MOV to or from a debug register: DR4 and DR5 are DR6 and DR7, or #UD with CR4.DE; DR7.GD makes any access #DB.
    /// Privilege is checked by the caller.</summary>
    public static bool Select(Cpu* cpu, ref int number)
    {
        if (number is 4 or 5)
        {
            if ((cpu->Cr4 & Cr4.De) != 0)
                return SystemFault.InvalidOpcode(cpu);
            number += 2;
        }
        if ((cpu->Dr[7] & Dr7.Gd) == 0)
            return true;
        return RaiseFault(cpu, Dr6.Bd);
    }

    /// <summary>MOV to a debug register, already selected.</summary>
    public static bool Write(Cpu* cpu, int number, ulong value)
    {
        if (number >= 6 && value >> 32 != 0)
            return SystemFault.GeneralProtection(cpu);
        cpu->Dr[number] = number switch
        {
            6 => (value & Dr6.Writable) | Dr6.Fixed,
            7 => (value & Dr7.Writable) | Dr7.Fixed,
            _ => value,
        };
        return true;
    }

    /// <summary>#DB before an instruction (a code breakpoint, or an access to a debug register).</summary>
    public static bool RaiseFault(Cpu* cpu, ulong conditions)
    {
        Report(cpu, conditions);
        Fault.Record(cpu, Fault.Db, Fault.Hardware, false, 0);
        return false;
    }

    /// <summary>Puts conditions into DR6 and turns general detection off, as the delivery of #DB does (SDM vol. 3, 17.2.4).</summary>
    public static void Report(Cpu* cpu, ulong conditions)
    {
        cpu->Dr[6] = (cpu->Dr[6] & ~Dr6.B) | Dr6.Fixed | conditions;
        cpu->Dr[7] &= ~Dr7.Gd;
    }

    /// <summary>Conditions B0–B3 of execution breakpoints at a linear address; 0 when none is enabled there.</summary>
    public static ulong MatchExecution(Cpu* cpu, ulong linear)
    {
        ulong hits = 0;
        for (int i = 0; i < Count; i++)
            if (IsEnabled(cpu, i) && Kind(cpu, i) == KindExecute && cpu->Dr[i] == linear)
                hits |= 1UL << i;
        return hits;
    }

    /// <summary>Remembers the data breakpoints that an access hits: a trap after the instruction.</summary>
    public static void NoteData(Cpu* cpu, ulong linear, int size, bool isWrite)
    {
        for (int i = 0; i < Count; i++)
        {
            if (!IsEnabled(cpu, i) || Kind(cpu, i) is KindExecute or KindIo || (!isWrite && Kind(cpu, i) == KindWrite))
                continue;
            if (Overlaps(cpu, i, linear, size))
                cpu->PendingDebug |= 1UL << i;
        }
    }

    /// <summary>Remembers the I/O breakpoints that an access hits (with CR4.DE).</summary>
    public static void NotePort(Cpu* cpu, ushort port, int size)
    {
        if ((cpu->Dr[7] & Dr7.Enables) == 0 || (cpu->Cr4 & Cr4.De) == 0)
            return;
        for (int i = 0; i < Count; i++)
            if (IsEnabled(cpu, i) && Kind(cpu, i) == KindIo && Overlaps(cpu, i, port, size))
                cpu->PendingDebug |= 1UL << i;
    }

    private static bool IsEnabled(Cpu* cpu, int index) => (cpu->Dr[7] >> (index * 2) & 3) != 0;

    private static int Kind(Cpu* cpu, int index) => (int)(cpu->Dr[7] >> (16 + index * 4)) & 3;

    /// <summary>LEN: 1, 2, 8 or 4 bytes; the address's low bits are ignored accordingly.</summary>
    private static bool Overlaps(Cpu* cpu, int index, ulong linear, int size)
    {
        int length = ((int)(cpu->Dr[7] >> (18 + index * 4)) & 3) switch { 0 => 1, 1 => 2, 2 => 8, _ => 4 };
        ulong start = cpu->Dr[index] & ~(ulong)(length - 1);
        return linear < start + (ulong)length && start < linear + (ulong)size;
    }
}
