using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>MOV and relatives (SDM vol. 1, 5.1.1).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class DataTransfer
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Mov_rm8_r8, Code.Mov_rm16_r16, Code.Mov_rm32_r32, Code.Mov_rm64_r64, Code.Mov_r8_rm8,
            Code.Mov_r16_rm16,
            Code.Mov_r32_rm32, Code.Mov_r64_rm64, Code.Mov_AL_moffs8, Code.Mov_AX_moffs16, Code.Mov_EAX_moffs32,
            Code.Mov_RAX_moffs64, Code.Mov_moffs8_AL, Code.Mov_moffs16_AX, Code.Mov_moffs32_EAX, Code.Mov_moffs64_RAX,
            Code.Mov_r8_imm8, Code.Mov_r16_imm16, Code.Mov_r32_imm32, Code.Mov_r64_imm64, Code.Mov_rm8_imm8,
            Code.Mov_rm16_imm16, Code.Mov_rm32_imm32, Code.Mov_rm64_imm32], &Mov);
    }

    private static void Mov(BlockBuilder b)
    {
        switch (b.OperandBytes(0))
        {
            case 1: Mov<byte>(b); break;
            case 2: Mov<ushort>(b); break;
            case 4: Mov<uint>(b); break;
            default: Mov<ulong>(b); break;
        }
    }

    private static void Mov<T>(BlockBuilder b) where T : unmanaged
    {
        Op* op = b.Op;
        if (b.IsMemory(0))
        {
            if (b.IsImmediate(1))
            {
                op->Imm = b.Immediate(1);
                b.Emit(&MovMemImm<T>);
                return;
            }
            op->Src = b.Register(1);
            b.Emit(&MovMemReg<T>);
            return;
        }
        op->Dst = b.Register(0);
        if (b.IsImmediate(1))
        {
            op->Imm = b.Immediate(1);
            b.Emit(&MovRegImm<T>);
        }
        else if (b.IsMemory(1))
        {
            b.Emit(&MovRegMem<T>);
        }
        else
        {
            op->Src = b.Register(1);
            b.Emit(&MovRegReg<T>);
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void MovRegReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovRegImm<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, (ulong)op->Imm);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovRegMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, Int.From(value));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovMemReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        if (!Memory.WriteInt<T>(cpu, op, linear, Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovMemImm<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        if (!Memory.WriteInt<T>(cpu, op, linear, (ulong)op->Imm)) return;
        Chain.Next(cpu, op);
    }
}
