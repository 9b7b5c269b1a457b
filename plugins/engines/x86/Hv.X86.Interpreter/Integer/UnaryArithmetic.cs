using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>INC, DEC, NEG, NOT (SDM vol. 1, 5.1.2 and 5.1.4): binary forms whose second operand is not used.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class UnaryArithmetic
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Inc_r16, Code.Inc_r32, Code.Inc_rm8, Code.Inc_rm16, Code.Inc_rm32, Code.Inc_rm64], &Build<Inc>);
        table.Add([Code.Dec_r16, Code.Dec_r32, Code.Dec_rm8, Code.Dec_rm16, Code.Dec_rm32, Code.Dec_rm64], &Build<Dec>);
        table.Add([Code.Neg_rm8, Code.Neg_rm16, Code.Neg_rm32, Code.Neg_rm64], &Build<Neg>);
        table.Add([Code.Not_rm8, Code.Not_rm16, Code.Not_rm32, Code.Not_rm64], &Build<Not>);
    }

    private static void Build<TOp>(BlockBuilder b) where TOp : struct, IBinary
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
        if (!b.IsMemory(0))
        {
            b.Op->Dst = b.Register(0);
            b.Emit(&BinaryForms.RegImm<T, TOp>);
        }
        else if (b.Instruction.HasLockPrefix) b.Emit(&BinaryForms.LockMemImm<T, TOp>);
        else b.Emit(&BinaryForms.MemImm<T, TOp>);
    }

    private readonly struct Inc : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            Flags.SetInc<T>(cpu, a, a + 1);
            return a + 1;
        }
    }

    private readonly struct Dec : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            Flags.SetDec<T>(cpu, a, a - 1);
            return a - 1;
        }
    }

    private readonly struct Neg : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            Flags.SetSub<T>(cpu, 0, a, 0 - a);
            return 0 - a;
        }
    }

    private readonly struct Not : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged => ~a;
    }
}
