using System.Runtime.CompilerServices;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Memory accesses of event delivery and system instructions, by linear address, without an Op: a fault is recorded and Rip stays.
/// They use the TLB like handlers do; an implicit supervisor access uses the supervisor's set whatever the CPL.</summary>
// SAFETY (whole class): as Memory: host addresses come only from TLB entries, whose tag test proves that the access stays in the page.
internal static unsafe class SystemMemory
{
    /// <summary>Reads 1, 2, 4 or 8 bytes.</summary>
    public static bool Read(Cpu* cpu, ulong linear, int size, out ulong value, Access access = Access.System)
    {
        TlbEntry* entry = Tlb.ReadSet(cpu, Set(cpu, access)) + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - size))
        {
            value = Load((byte*)(linear + entry->Addend), size);
            return true;
        }
        return Memory.ReadAs(cpu, linear, size, access, out value);
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes.</summary>
    public static bool Write(Cpu* cpu, ulong linear, int size, ulong value, Access access = Access.System)
    {
        TlbEntry* entry = Tlb.WriteSet(cpu, Set(cpu, access)) + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - size))
        {
            Store((byte*)(linear + entry->Addend), size, value);
            return true;
        }
        return Memory.WriteAs(cpu, linear, size, access, value);
    }

    /// <summary>The TLB set that holds what an access may use.</summary>
    public static byte Set(Cpu* cpu, Access access) =>
        (access & Access.System) == 0 ? cpu->MmuIndex
        : (cpu->Cr4 & Cr4.Smap) != 0 ? Tlb.SupervisorSmap : Tlb.Supervisor;

    [MethodImpl(Jit.Inline)]
    private static ulong Load(byte* from, int size) => size switch
    {
        1 => *from,
        2 => *(ushort*)from,
        4 => *(uint*)from,
        _ => *(ulong*)from,
    };

    [MethodImpl(Jit.Inline)]
    private static void Store(byte* to, int size, ulong value)
    {
        switch (size)
        {
            case 1: *to = (byte)value; break;
            case 2: *(ushort*)to = (ushort)value; break;
            case 4: *(uint*)to = (uint)value; break;
            default: *(ulong*)to = value; break;
        }
    }
}
