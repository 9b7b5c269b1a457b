using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>An operation on two integers that sets the status flags.</summary>
internal unsafe interface IBinary
{
    /// <summary>False for CMP and TEST.</summary>
    static abstract bool Writes { get; }

    /// <summary>Computes and sets flags. Operands are zero-extended; bits of the result above the width are
    /// ignored.</summary>
    static abstract ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged;
}

/// <summary>The operand forms of two-operand integer instructions; T is the operand's width, TOp the
/// operation.</summary>
// SAFETY (whole class): register offsets come from BlockBuilder, host addresses from Memory.
internal static unsafe class BinaryForms
{
    /// <summary>Picks the form for the instruction's operands.</summary>
    public static void Build<TOp>(BlockBuilder b) where TOp : struct, IBinary
    {
        switch (b.OperandBytes(0))
        {
            case 1: Build<byte, TOp>(b); break;
            case 2: Build<ushort, TOp>(b); break;
            case 4: Build<uint, TOp>(b); break;
            default: Build<ulong, TOp>(b); break;
        }
    }

    private static void Build<T, TOp>(BlockBuilder b) where T : unmanaged where TOp : struct, IBinary
    {
        Op* op = b.Op;
        bool isImmediate = b.IsImmediate(1);
        if (isImmediate) op->Imm = b.Immediate(1);
        if (b.IsMemory(0))
        {
            if (!isImmediate) op->Src = b.Register(1);
            if (b.Instruction.HasLockPrefix)
            {
                if (isImmediate) b.Emit(&LockMemImm<T, TOp>);
                else b.Emit(&LockMemReg<T, TOp>);
            }
            else if (isImmediate) b.Emit(&MemImm<T, TOp>);
            else b.Emit(&MemReg<T, TOp>);
            return;
        }
        op->Dst = b.Register(0);
        if (isImmediate) b.Emit(&RegImm<T, TOp>);
        else if (b.IsMemory(1)) b.Emit(&RegMem<T, TOp>);
        else
        {
            op->Src = b.Register(1);
            b.Emit(&RegReg<T, TOp>);
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void RegReg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        ulong r = TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Dst), Int.Reg<T>(cpu, op->Src));
        if (TOp.Writes) Int.SetReg<T>(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    internal static void RegImm<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        ulong r = TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Dst), Int.Zext<T>((ulong)op->Imm));
        if (TOp.Writes) Int.SetReg<T>(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void RegMem<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T source)) return;
        ulong r = TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Dst), Int.From(source));
        if (TOp.Writes) Int.SetReg<T>(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MemReg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        if (!Modify<T, TOp>(cpu, op, Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    internal static void MemImm<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        if (!Modify<T, TOp>(cpu, op, Int.Zext<T>((ulong)op->Imm))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static bool Modify<T, TOp>(Cpu* cpu, Op* op, ulong source) where T : unmanaged where TOp : struct, IBinary
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), TOp.Writes);
        if (!TOp.Writes)
        {
            if (!Memory.Read(cpu, op, linear, out T value)) return false;
            TOp.Do<T>(cpu, Int.From(value), source);
            return true;
        }
        byte* host = Memory.Writable<T>(cpu, linear);
        if (host == null) return ModifySlow<T, TOp>(cpu, op, linear, source);
        Int.Store<T>(host, TOp.Do<T>(cpu, Int.Load<T>(host), source));
        return true;
    }

    [MethodImpl(Jit.Cold)]
    private static bool ModifySlow<T, TOp>(Cpu* cpu, Op* op, ulong linear, ulong source)
        where T : unmanaged where TOp : struct, IBinary
    {
        if (!Memory.ReadForWrite(cpu, op, linear, out T value)) return false;
        ulong r = TOp.Do<T>(cpu, Int.From(value), source);
        return Memory.WriteInt<T>(cpu, op, linear, r);
    }

    [MethodImpl(Jit.Handler)]
    private static void LockMemReg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        if (!LockModify<T, TOp>(cpu, op, Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    internal static void LockMemImm<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IBinary
    {
        if (!LockModify<T, TOp>(cpu, op, Int.Zext<T>((ulong)op->Imm))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool LockModify<T, TOp>(Cpu* cpu, Op* op, ulong source)
        where T : unmanaged where TOp : struct, IBinary
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        byte* host = Memory.WritableOrFill<T>(cpu, op, linear);
        if (host == null) return cpu->Stop == Stop.None && ModifySlow<T, TOp>(cpu, op, linear, source);
        while (true)
        {
            ulong old = Int.Load<T>(host);
            ulong r = TOp.Do<T>(cpu, old, source);
            if (Atomic.CompareExchange<T>(host, old, r)) return true;
        }
    }
}
