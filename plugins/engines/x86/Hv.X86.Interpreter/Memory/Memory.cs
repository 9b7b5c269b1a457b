using System.Runtime.CompilerServices;
using Hv.Sdk.Io;

namespace Hv.X86.Interpreter;

/// <summary>Guest memory for handlers. Each access takes the Op, so that a fault knows its instruction. False (or null
/// with a <see cref="Cpu.Stop"/> set) means: return from the handler at once, everything is arranged.</summary>
// SAFETY (whole class): host addresses come only from TLB entries and slots, both made from the memory map; the XOR
// test proves that all bytes of an access lie in the entry's page.
internal static unsafe partial class Memory
{
    /// <summary>A linear address that no page has: what <see cref="Address"/> gives when a segment check failed. Any
    /// access to it raises the segment's fault.</summary>
    public const ulong Poison = 0x8000_0000_0000_0000;

    /// <summary>Reads sizeof(T) bytes at a linear address.</summary>
    /// Hot path:
    [MethodImpl(Jit.Inline)]
    public static bool Read<T>(Cpu* cpu, Op* op, ulong linear, out T value) where T : unmanaged
    {
        TlbEntry* entry = cpu->ReadTlb + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)))
        {
            value = Unsafe.ReadUnaligned<T>((byte*)(linear + entry->Addend));
            return true;
        }
        bool done = ReadSlow(cpu, op, linear, sizeof(T));
        value = Unsafe.ReadUnaligned<T>(&cpu->Scratch);
        return done;
    }

    /// <summary>Writes sizeof(T) bytes at a linear address.</summary>
    /// Hot path:
    [MethodImpl(Jit.Inline)]
    public static bool Write<T>(Cpu* cpu, Op* op, ulong linear, T value) where T : unmanaged
    {
        TlbEntry* entry = cpu->WriteTlb + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)))
        {
            Unsafe.WriteUnaligned((byte*)(linear + entry->Addend), value);
            return true;
        }
        Unsafe.WriteUnaligned(&cpu->Scratch, value);
        return WriteSlow(cpu, op, linear, sizeof(T));
    }

    /// <summary>As <see cref="Write{T}"/> with a number that is cut to T.</summary>
    /// Hot path:
    [MethodImpl(Jit.Inline)]
    public static bool WriteInt<T>(Cpu* cpu, Op* op, ulong linear, ulong value) where T : unmanaged
    {
        TlbEntry* entry = cpu->WriteTlb + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)))
        {
            Int.Store<T>((byte*)(linear + entry->Addend), value);
            return true;
        }
        *(ulong*)&cpu->Scratch = value;
        return WriteSlow(cpu, op, linear, sizeof(T));
    }

    /// <summary>As <see cref="Writable{T}"/>, but fills the TLB first. Null: either a fault (<see cref="Cpu.Stop"/> is
    /// set: return) or an operand that has no single host address (device, code page, page crossing): go on by
    /// <see cref="ReadForWrite{T}"/>.</summary>
    [MethodImpl(Jit.Cold)]
    public static byte* WritableOrFill<T>(Cpu* cpu, Op* op, ulong linear) where T : unmanaged
    {
        byte* host = Writable<T>(cpu, linear);
        if (host != null) return host;
        return FillForWrite(cpu, op, linear, sizeof(T)) ? Writable<T>(cpu, linear) : null;
    }

    /// <summary>The host address of a writable operand for read-modify-write, or null when it takes the slow way (not a
    /// fault): then <see cref="ReadForWrite{T}"/>, and after it <see cref="Write{T}"/>, which cannot fault any
    /// more.</summary>
    /// Hot path:
    [MethodImpl(Jit.Inline)]
    public static byte* Writable<T>(Cpu* cpu, ulong linear) where T : unmanaged
    {
        TlbEntry* entry = cpu->WriteTlb + ((linear >> 12) & (Tlb.Entries - 1));
        return (linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)) ? (byte*)(linear + entry->Addend) : null;
    }

    /// <summary>The host address of a readable operand, or null when it takes the slow way (not a fault).</summary>
    /// Hot path:
    [MethodImpl(Jit.Inline)]
    public static byte* Readable<T>(Cpu* cpu, ulong linear) where T : unmanaged
    {
        TlbEntry* entry = cpu->ReadTlb + ((linear >> 12) & (Tlb.Entries - 1));
        return (linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)) ? (byte*)(linear + entry->Addend) : null;
    }

    /// <summary>Reads an operand that will be written back: raises what the write would raise before anything has
    /// changed.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool ReadForWrite<T>(Cpu* cpu, Op* op, ulong linear, out T value) where T : unmanaged
    {
        value = default;
        if (!ProbeWrite(cpu, op, linear, sizeof(T)) || !ReadSlow(cpu, op, linear, sizeof(T))) return false;
        value = Unsafe.ReadUnaligned<T>(&cpu->Scratch);
        return true;
    }

    /// <summary>As <see cref="Read{T}"/>, but #GP(0) unless the address is a multiple of sizeof(T) (MOVAPS and legacy
    /// SSE operands).</summary>
    [MethodImpl(Jit.Inline)]
    public static bool ReadAligned<T>(Cpu* cpu, Op* op, ulong linear, out T value) where T : unmanaged
    {
        if ((linear & (ulong)(sizeof(T) - 1)) == 0) return Read(cpu, op, linear, out value);
        value = default;
        Misaligned(cpu, op, linear);
        return false;
    }

    /// <summary>As <see cref="Write{T}"/>, but #GP(0) unless the address is a multiple of sizeof(T).</summary>
    [MethodImpl(Jit.Inline)]
    public static bool WriteAligned<T>(Cpu* cpu, Op* op, ulong linear, T value) where T : unmanaged
    {
        if ((linear & (ulong)(sizeof(T) - 1)) == 0) return Write(cpu, op, linear, value);
        Misaligned(cpu, op, linear);
        return false;
    }

    /// <summary>Checks that a write of any length up to 4096 bytes would succeed; raises its fault otherwise. Changes
    /// nothing but A/D bits.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool ProbeWrite(Cpu* cpu, Op* op, ulong linear, int size) =>
        Probe(cpu, op, linear, size, Access.Write);

    /// <summary>Checks that a read of any length up to 4096 bytes would succeed; raises its fault otherwise.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool ProbeRead(Cpu* cpu, Op* op, ulong linear, int size) => Probe(cpu, op, linear, size, Access.Read);

    /// <summary>Reads 1, 2, 4 or 8 bytes at a linear address without a segment, by page walk: the slow half of
    /// <see cref="SystemMemory"/>. False: the fault is recorded but Rip is not synchronised (pass it on with
    /// <see cref="Fault.Synchronise"/>).</summary>
    [MethodImpl(Jit.Cold)]
    public static bool ReadAs(Cpu* cpu, ulong linear, int size, Access access, out ulong value)
    {
        value = 0;
        if (!Transfer(cpu, linear, size, access)) return false;
        if (cpu->MmuIndex == Tlb.Unfilled) DebugRegisters.NoteData(cpu, linear, size, isWrite: false);
        value = size == 1 ? *(byte*)&cpu->Scratch : size == 2 ? *(ushort*)&cpu->Scratch
            : size == 4 ? *(uint*)&cpu->Scratch : *(ulong*)&cpu->Scratch;
        return true;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes; as <see cref="ReadAs"/>.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool WriteAs(Cpu* cpu, ulong linear, int size, Access access, ulong value)
    {
        *(ulong*)&cpu->Scratch = value;
        if (!Transfer(cpu, linear, size, access | Access.Write)) return false;
        if (cpu->MmuIndex == Tlb.Unfilled) DebugRegisters.NoteData(cpu, linear, size, isWrite: true);
        return true;
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes of guest physical memory inside one page (SMRAM); all ones where there is
    /// none.</summary>
    public static ulong ReadPhysical(Cpu* cpu, ulong gpa, int size)
    {
        *(ulong*)&cpu->Scratch = ulong.MaxValue;
        TransferPhysical(cpu, gpa, size, Access.Read);
        ulong value = *(ulong*)&cpu->Scratch;
        return size == 8 ? value : value & ((1ul << size * 8) - 1);
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes of guest physical memory inside one page.</summary>
    public static void WritePhysical(Cpu* cpu, ulong gpa, int size, ulong value)
    {
        *(ulong*)&cpu->Scratch = value;
        TransferPhysical(cpu, gpa, size, Access.Write);
    }

    /// <summary>Host address of guest physical RAM or ROM for page tables, or null where there is none.</summary>
    public static byte* Physical(Cpu* cpu, ulong gpa) => Vcpu.Of(cpu).View.HostPointer(gpa & cpu->AddressMask);

    /// <summary>As <see cref="Physical"/> for writing: null for ROM too; marks the page as written.</summary>
    public static byte* PhysicalForWrite(Cpu* cpu, ulong gpa)
    {
        gpa &= cpu->AddressMask;
        Slot* slot = Vcpu.Of(cpu).View.Find(gpa >> 12);
        if (slot == null || slot->IsReadOnly) return null;
        ulong page = (gpa >> 12) - slot->FirstPage;
        if (slot->Dirty != null) slot->Dirty[page] = 1;
        return slot->Host + (page << 12) + (gpa & 0xFFF);
    }
}
