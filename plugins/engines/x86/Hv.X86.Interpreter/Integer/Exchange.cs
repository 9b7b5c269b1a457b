using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B (SDM vol. 1, 5.1.1). With a memory operand XCHG is always
/// locked; the others are when they have the prefix, and atomic on the host either way.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Exchange
{
    private const ushort Rax = 0;

    public static void Register(OpTable table)
    {
        table.Add([Code.Xchg_rm8_r8], &Xchg<byte>);
        table.Add([Code.Xchg_rm16_r16, Code.Xchg_r16_AX], &Xchg<ushort>);
        table.Add([Code.Xchg_rm32_r32, Code.Xchg_r32_EAX], &Xchg<uint>);
        table.Add([Code.Xchg_rm64_r64, Code.Xchg_r64_RAX], &Xchg<ulong>);
        table.Add(Code.Xadd_rm8_r8, &Xadd<byte>);
        table.Add(Code.Xadd_rm16_r16, &Xadd<ushort>);
        table.Add(Code.Xadd_rm32_r32, &Xadd<uint>);
        table.Add(Code.Xadd_rm64_r64, &Xadd<ulong>);
        table.Add(Code.Cmpxchg_rm8_r8, &Cmpxchg<byte>);
        table.Add(Code.Cmpxchg_rm16_r16, &Cmpxchg<ushort>);
        table.Add(Code.Cmpxchg_rm32_r32, &Cmpxchg<uint>);
        table.Add(Code.Cmpxchg_rm64_r64, &Cmpxchg<ulong>);
        table.Add(Code.Cmpxchg8b_m64, &Cmpxchg8b);
        table.Add(Code.Cmpxchg16b_m128, &Cmpxchg16b);
    }

    private static void Xchg<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Src = b.Register(1);
        if (b.IsMemory(0))
        {
            b.Emit(&XchgMem<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&XchgReg<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void XchgReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong first = Int.Reg<T>(cpu, op->Dst);
        Int.SetReg<T>(cpu, op->Dst, Int.Reg<T>(cpu, op->Src));
        Int.SetReg<T>(cpu, op->Src, first);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XchgMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        byte* host = Memory.Writable<T>(cpu, linear);
        if (host != null) Int.SetReg<T>(cpu, op->Src, Atomic.Exchange<T>(host, Int.Reg<T>(cpu, op->Src)));
        else if (!XchgSlow<T>(cpu, op, linear)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool XchgSlow<T>(Cpu* cpu, Op* op, ulong linear) where T : unmanaged
    {
        byte* host = Memory.WritableOrFill<T>(cpu, op, linear);
        ulong old;
        if (host != null) old = Atomic.Exchange<T>(host, Int.Reg<T>(cpu, op->Src));
        else
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out T value)) return false;
            old = Int.From(value);
            if (!Memory.WriteInt<T>(cpu, op, linear, Int.Reg<T>(cpu, op->Src))) return false;
        }
        Int.SetReg<T>(cpu, op->Src, old);
        return true;
    }

    private static void Xadd<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Src = b.Register(1);
        if (b.IsMemory(0))
        {
            b.Emit(&XaddMem<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&XaddReg<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void XaddReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong a = Int.Reg<T>(cpu, op->Dst), s = Int.Reg<T>(cpu, op->Src);
        Flags.SetAdd<T>(cpu, a, s, a + s);
        // The destination last: with the same register twice the sum stays.
        Int.SetReg<T>(cpu, op->Src, a);
        Int.SetReg<T>(cpu, op->Dst, a + s);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XaddMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!XaddSlow<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool XaddSlow<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        byte* host = Memory.WritableOrFill<T>(cpu, op, linear);
        ulong old, source = Int.Reg<T>(cpu, op->Src);
        if (host != null)
        {
            do old = Int.Load<T>(host);
            while (!Atomic.CompareExchange<T>(host, old, old + source));
        }
        else
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out T value)) return false;
            old = Int.From(value);
            if (!Memory.WriteInt<T>(cpu, op, linear, old + source)) return false;
        }
        Flags.SetAdd<T>(cpu, old, source, old + source);
        Int.SetReg<T>(cpu, op->Src, old);
        return true;
    }

    private static void Cmpxchg<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Src = b.Register(1);
        if (b.IsMemory(0))
        {
            b.Emit(&CmpxchgMem<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&CmpxchgReg<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void CmpxchgReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong old = Int.Reg<T>(cpu, op->Dst), expected = Int.Reg<T>(cpu, Rax);
        Flags.SetSub<T>(cpu, expected, old, expected - old);
        // Only what changes is written, so on failure a 32-bit destination keeps its upper half (as AMD's processors
        // do).
        if (old == expected) Int.SetReg<T>(cpu, op->Dst, Int.Reg<T>(cpu, op->Src));
        else Int.SetReg<T>(cpu, Rax, old);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void CmpxchgMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!CmpxchgSlow<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool CmpxchgSlow<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        byte* host = Memory.WritableOrFill<T>(cpu, op, linear);
        ulong expected = Int.Reg<T>(cpu, Rax), source = Int.Reg<T>(cpu, op->Src), old;
        if (host != null)
        {
            while (true)
            {
                old = Int.Load<T>(host);
                if (old != expected || Atomic.CompareExchange<T>(host, old, source)) break;
            }
        }
        else
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out T value)) return false;
            old = Int.From(value);
            if (!Memory.WriteInt<T>(cpu, op, linear, old == expected ? source : old)) return false;
        }
        Flags.SetSub<T>(cpu, expected, old, expected - old);
        if (old != expected) Int.SetReg<T>(cpu, Rax, old);
        return true;
    }

    private static void Cmpxchg8b(BlockBuilder b) => b.Emit(&Cmpxchg8bOp);

    [MethodImpl(Jit.Handler)]
    private static void Cmpxchg8bOp(Cpu* cpu, Op* op)
    {
        if (!Cmpxchg8bSlow(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    private static bool Cmpxchg8bSlow(Cpu* cpu, Op* op)
    {
        ulong linear = Address.Linear(cpu, op, 8, true);
        byte* host = Memory.WritableOrFill<ulong>(cpu, op, linear);
        ulong expected = (uint)cpu->Gpr[0] | cpu->Gpr[2] << 32, source = (uint)cpu->Gpr[3] | cpu->Gpr[1] << 32, old;
        if (host != null) old = Interlocked.CompareExchange(ref *(ulong*)host, source, expected);
        else
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out old)) return false;
            if (!Memory.Write(cpu, op, linear, old == expected ? source : old)) return false;
        }
        SetZero(cpu, old == expected);
        if (old == expected) return true;
        cpu->Gpr[0] = (uint)old;
        cpu->Gpr[2] = old >> 32;
        return true;
    }

    private static void Cmpxchg16b(BlockBuilder b) => b.Emit(&Cmpxchg16bOp);

    [MethodImpl(Jit.Handler)]
    private static void Cmpxchg16bOp(Cpu* cpu, Op* op)
    {
        if (!Cmpxchg16bSlow(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    private static bool Cmpxchg16bSlow(Cpu* cpu, Op* op)
    {
        ulong linear = Address.Linear(cpu, op, 16, true);
        if ((linear & 15) != 0)
        {
            if (CpuMode.IsCanonical(cpu, linear)) Fault.GeneralProtection(cpu, op);
            else Memory.ProbeWrite(cpu, op, linear, 16);
            return false;
        }
        byte* host = Memory.WritableOrFill<UInt128>(cpu, op, linear);
        var expected = new UInt128(cpu->Gpr[2], cpu->Gpr[0]);
        var source = new UInt128(cpu->Gpr[1], cpu->Gpr[3]);
        UInt128 old;
        if (host != null) old = Vcpu.Of(cpu).Partition.CompareExchange16(host, expected, source);
        else
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out old)) return false;
            if (!Memory.Write(cpu, op, linear, old == expected ? source : old)) return false;
        }
        SetZero(cpu, old == expected);
        if (old == expected) return true;
        cpu->Gpr[0] = (ulong)old;
        cpu->Gpr[2] = (ulong)(old >> 64);
        return true;
    }

    private static void SetZero(Cpu* cpu, bool isZero) =>
        Flags.SetStatus(cpu, (Flags.ReadStatus(cpu) & ~Flags.Zf) | (isZero ? Flags.Zf : 0));
}
