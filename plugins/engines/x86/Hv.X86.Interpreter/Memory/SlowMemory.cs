using System.Runtime.CompilerServices;
using Hv.Sdk.Io;

namespace Hv.X86.Interpreter;

/// <summary>The slow half of <see cref="Memory"/>: TLB misses, page crossings, code pages, devices and faults. Values
/// travel in <see cref="Cpu.Scratch"/>.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its
// arena.
internal static unsafe partial class Memory
{
    [MethodImpl(Jit.Cold)]
    private static bool ReadSlow(Cpu* cpu, Op* op, ulong linear, int size) => Slow(cpu, op, linear, size, Access.Read);

    [MethodImpl(Jit.Cold)]
    private static bool WriteSlow(Cpu* cpu, Op* op, ulong linear, int size) =>
        Slow(cpu, op, linear, size, Access.Write);

    private static bool Slow(Cpu* cpu, Op* op, ulong linear, int size, Access access)
    {
        if (!CheckLinear(cpu, op, linear, size)) return false;
        cpu->Calling = op;
        bool done = Transfer(cpu, linear, size, access);
        cpu->Calling = null;
        if (!done) Fault.Synchronise(cpu, op);
        else if (cpu->MmuIndex == Tlb.Unfilled) DebugRegisters.NoteData(cpu, linear, size,
            (access & Access.Write) != 0);
        return done;
    }

    private static bool Probe(Cpu* cpu, Op* op, ulong linear, int size, Access access)
    {
        if (!CheckLinear(cpu, op, linear, size)) return false;
        bool done = PageWalker.Translate(cpu, linear, access, out _);
        ulong last = linear + (ulong)size - 1;
        if (done && ((linear ^ last) & ~0xFFFul) != 0) done = PageWalker.Translate(cpu, last & ~0xFFFul, access, out _);
        if (!done) Fault.Synchronise(cpu, op);
        return done;
    }

    /// <summary>Canonical form (SDM vol. 1, 3.3.7.1), segment checks that failed earlier (<see cref="Poison"/>), and
    /// alignment (#AC).</summary>
    private static bool CheckLinear(Cpu* cpu, Op* op, ulong linear, int size)
    {
        if ((cpu->Mode & CodeMode.Code64) != 0 || linear == Poison)
        {
            if (!CpuMode.IsCanonical(cpu, linear) || !CpuMode.IsCanonical(cpu, linear + (ulong)size - 1))
            {
                SegmentFault(cpu, op);
                return false;
            }
        }
        else if (linear + (ulong)size - 1 > uint.MaxValue && op->Address == AddressKind.Flat32)
        {
            // A flat segment ends at 4 GiB; only a segment with a base may wrap.
            SegmentFault(cpu, op);
            return false;
        }
        if (cpu->MmuIndex == Tlb.Unfilled && CpuMode.ChecksAlignment(cpu) && (linear & Misalignment(size)) != 0)
        {
            Fault.Raise(cpu, op, Fault.Ac, 0);
            return false;
        }
        return true;
    }

    /// <summary>Address bits that #AC looks at (SDM vol. 3, table 7-7): up to 8 bytes by size, m80 by 8, vectors by 16
    /// whatever their width, as Zen has it.</summary>
    private static ulong Misalignment(int size) => size >= 16 ? 15u : size >= 8 ? 7u : (uint)size - 1;

    /// <summary>#SS(0) when the operand is addressed through SS, else #GP(0).</summary>
    private static void SegmentFault(Cpu* cpu, Op* op) =>
        Fault.Raise(cpu, op, op->Segment == Address.SsOffset ? Fault.Ss : Fault.Gp, 0);

    [MethodImpl(Jit.Cold)]
    private static void Misaligned(Cpu* cpu, Op* op, ulong linear)
    {
        if (linear == Poison) SegmentFault(cpu, op);
        else Fault.GeneralProtection(cpu, op);
    }

    /// <summary>Moves between Scratch and memory. Both pages of a crossing access are translated before either is
    /// touched.</summary>
    private static bool Transfer(Cpu* cpu, ulong linear, int size, Access access)
    {
        int first = (int)Math.Min((ulong)size, 4096 - (linear & 0xFFF));
        if (!PageWalker.Translate(cpu, linear, access, out Translation low)) return false;
        if (first == size) return TransferPage(cpu, linear, in low, (byte*)&cpu->Scratch, size, access);
        // Outside IA-32e mode addresses wrap at 4 GiB; inside it system structures lie high even while 32-bit code
        // runs.
        ulong next = (cpu->Efer & CpuMode.EferLma) != 0 ? linear + (ulong)first : (uint)(linear + (ulong)first);
        return PageWalker.Translate(cpu, next, access, out Translation high)
            && TransferPage(cpu, linear, in low, (byte*)&cpu->Scratch, first, access)
            && TransferPage(cpu, next, in high, (byte*)&cpu->Scratch + first, size - first, access);
    }

    private static bool TransferPage(Cpu* cpu, ulong linear, in Translation to, byte* data, int size, Access access)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        bool isWrite = (access & Access.Write) != 0;
        Slot* slot = vcpu.View.Find(to.Gpa >> 12);
        if (slot == null || (isWrite
            && slot->IsReadOnly)) return TransferDevice(cpu, vcpu, to.Gpa, data, size, isWrite);

        ulong pageInSlot = (to.Gpa >> 12) - slot->FirstPage;
        byte* hostPage = slot->Host + (pageInSlot << 12);
        uint offset = (uint)to.Gpa & 0xFFF;
        if (!isWrite)
        {
            Copy(data, hostPage + offset, size);
            FillTlb(cpu, vcpu, linear, hostPage, in to, access);
            return true;
        }
        WriteRam(vcpu, slot, pageInSlot, offset, data, size);
        if (vcpu.Map.CodeBits(slot->FilePage + pageInSlot) == 0) FillTlb(cpu, vcpu, linear, hostPage, in to, access);
        return true;
    }

    private static void WriteRam(Vcpu vcpu, Slot* slot, ulong pageInSlot, uint offset, byte* data, int size)
    {
        if (slot->Dirty != null) slot->Dirty[pageInSlot] = 1;
        Copy(slot->Host + (pageInSlot << 12) + offset, data, size);
        // The order matters: the bytes are written before the bits are looked at, and decoders set bits before they
        // read bytes.
        ulong filePage = slot->FilePage + pageInSlot;
        vcpu.NoteWriter(filePage);
        Interlocked.MemoryBarrier();
        ulong code = vcpu.Map.TakeCode(filePage, MemoryMap.Granules(offset, (uint)size));
        if (code != 0) vcpu.Partition.CodeWritten(vcpu, filePage, code);
    }

    /// <summary>Moves between Scratch and guest physical memory inside one page, past paging and the TLB.</summary>
    private static void TransferPhysical(Cpu* cpu, ulong gpa, int size, Access access)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        byte* data = (byte*)&cpu->Scratch;
        bool isWrite = (access & Access.Write) != 0;
        gpa &= cpu->AddressMask;
        Slot* slot = vcpu.View.Find(gpa >> 12);
        if (slot == null || (isWrite && slot->IsReadOnly))
        {
            TransferDevice(cpu, vcpu, gpa, data, size, isWrite);
            return;
        }
        ulong pageInSlot = (gpa >> 12) - slot->FirstPage;
        uint offset = (uint)gpa & 0xFFF;
        if (isWrite) WriteRam(vcpu, slot, pageInSlot, offset, data, size);
        else Copy(data, slot->Host + (pageInSlot << 12) + offset, size);
    }

    /// <summary>Reads one byte of guest physical memory, from the bus where there is none. False: the bus answers
    /// later.</summary>
    public static bool TryReadPhysical(Cpu* cpu, ulong gpa, out byte value)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        byte* host = vcpu.View.HostPointer(gpa);
        byte* data = (byte*)&cpu->Scratch;
        bool isDone = true;
        if (host != null) *data = *host;
        else isDone = TransferDevice(cpu, vcpu, gpa, data, 1, isWrite: false);
        value = *data;
        return isDone;
    }

    /// <summary>Enters a write translation without writing; false on a fault.</summary>
    private static bool FillForWrite(Cpu* cpu, Op* op, ulong linear, int size)
    {
        if (!CheckLinear(cpu, op, linear, size)) return false;
        if (!PageWalker.Translate(cpu, linear, Access.Write, out Translation to))
        {
            Fault.Synchronise(cpu, op);
            return false;
        }
        Vcpu vcpu = Vcpu.Of(cpu);
        Slot* slot = vcpu.View.Find(to.Gpa >> 12);
        if (slot == null || slot->IsReadOnly) return true;
        ulong pageInSlot = (to.Gpa >> 12) - slot->FirstPage;
        if (slot->Dirty != null) slot->Dirty[pageInSlot] = 1;
        vcpu.NoteWriter(slot->FilePage + pageInSlot);
        Interlocked.MemoryBarrier();
        if (vcpu.Map.CodeBits(slot->FilePage + pageInSlot) == 0)
            FillTlb(cpu, vcpu, linear, slot->Host + (pageInSlot << 12), in to, Access.Write);
        return true;
    }

    private static void FillTlb(Cpu* cpu, Vcpu vcpu, ulong linear, byte* hostPage, in Translation to, Access access)
    {
        if (to.PageShift > 12) vcpu.NoteLargePage(linear, to.PageShift);
        vcpu.Counters.TlbFills++;
        Tlb.Fill(cpu, SystemMemory.Set(cpu, access), linear, hostPage, (access & Access.Write) != 0);
    }

    private static bool TransferDevice(Cpu* cpu, Vcpu vcpu, ulong gpa, byte* data, int size, bool isWrite)
    {
        while (size > 0)
        {
            int piece = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
            IoStatus status;
            if (isWrite)
            {
                ulong value = 0;
                Copy((byte*)&value, data, piece);
                status = vcpu.Bus.WriteMmio(gpa, piece, value);
                // A write may have raised an interrupt or changed what the APIC lets through.
                cpu->StopAt = 0;
            }
            else
            {
                status = vcpu.Bus.ReadMmio(gpa, piece, out ulong value);
                Copy(data, (byte*)&value, piece);
            }
            if (status == IoStatus.Deferred)
            {
                cpu->Stop = Stop.Deferred;
                return false;
            }
            gpa += (ulong)piece;
            data += piece;
            size -= piece;
        }
        return true;
    }

    /// <summary>Copies operands: naturally sized ones in one access, so that an aligned access stays atomic.</summary>
    [MethodImpl(Jit.Inline)]
    private static void Copy(byte* to, byte* from, int size)
    {
        if (size == 8) *(ulong*)to = *(ulong*)from;
        else if (size == 4) *(uint*)to = *(uint*)from;
        else if (size == 2) *(ushort*)to = *(ushort*)from;
        else if (size == 1) *to = *from;
        else Buffer.MemoryCopy(from, to, size, size);
    }
}
