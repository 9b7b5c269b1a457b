using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>MUL, IMUL, DIV, IDIV (SDM vol. 1, 5.1.2). SF, ZF and PF after a multiplication, undefined in the manual,
/// follow the low half; AF is clear. Divisions leave the flags alone.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class MultiplyDivide
{
    private const ushort Rax = 0, Ah = 1, Rdx = 16;

    public static void Register(OpTable table)
    {
        table.Add([Code.Imul_r16_rm16, Code.Imul_r32_rm32, Code.Imul_r64_rm64], &BinaryForms.Build<Imul>);
        table.Add([Code.Imul_r16_rm16_imm16, Code.Imul_r16_rm16_imm8], &ImulImmediate<ushort>);
        table.Add([Code.Imul_r32_rm32_imm32, Code.Imul_r32_rm32_imm8], &ImulImmediate<uint>);
        table.Add([Code.Imul_r64_rm64_imm32, Code.Imul_r64_rm64_imm8], &ImulImmediate<ulong>);
        table.Add([Code.Mul_rm8, Code.Mul_rm16, Code.Mul_rm32, Code.Mul_rm64], &Build<Mul>);
        table.Add([Code.Imul_rm8, Code.Imul_rm16, Code.Imul_rm32, Code.Imul_rm64], &Build<SignedMul>);
        table.Add([Code.Div_rm8, Code.Div_rm16, Code.Div_rm32, Code.Div_rm64], &Build<Div>);
        table.Add([Code.Idiv_rm8, Code.Idiv_rm16, Code.Idiv_rm32, Code.Idiv_rm64], &Build<SignedDiv>);
    }

    private readonly struct Imul : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r, overflow;
            if (sizeof(T) == 8)
            {
                long high = Math.BigMul((long)a, (long)b, out long low);
                r = (ulong)low;
                overflow = high != low >> 63 ? 1u : 0u;
            }
            else
            {
                long product = Int.Sext<T>(a) * Int.Sext<T>(b);
                r = (ulong)product;
                overflow = product != Int.Sext<T>(r) ? 1u : 0u;
            }
            Flags.SetResult<T>(cpu, r, overflow, overflow);
            return r;
        }
    }

    private static void ImulImmediate<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        b.Op->Imm = b.Immediate(2);
        if (b.IsMemory(1))
        {
            b.Emit(&ImulMemImm<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&ImulRegImm<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void ImulRegImm<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Imul.Do<T>(cpu, Int.Reg<T>(cpu, op->Src), Int.Zext<T>((ulong)op->Imm)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ImulMemImm<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, Imul.Do<T>(cpu, Int.From(value), Int.Zext<T>((ulong)op->Imm)));
        Chain.Next(cpu, op);
    }

    /// <summary>An operation of the accumulator pair (AX, or DX:AX, EDX:EAX, RDX:RAX) with one operand. False:
    /// #DE.</summary>
    private interface IAccumulator
    {
        static abstract bool Do<T>(Cpu* cpu, ulong operand) where T : unmanaged;
    }

    private static void Build<TOp>(BlockBuilder b) where TOp : struct, IAccumulator
    {
        switch (b.OperandBytes(0))
        {
            case 1: Build<byte, TOp>(b); break;
            case 2: Build<ushort, TOp>(b); break;
            case 4: Build<uint, TOp>(b); break;
            default: Build<ulong, TOp>(b); break;
        }
    }

    private static void Build<T, TOp>(BlockBuilder b) where T : unmanaged where TOp : struct, IAccumulator
    {
        if (b.IsMemory(0))
        {
            b.Emit(&Mem<T, TOp>);
            return;
        }
        b.Op->Src = b.Register(0);
        b.Emit(&Reg<T, TOp>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Reg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IAccumulator
    {
        if (!TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Src)))
        {
            Fault.Raise(cpu, op, Fault.De);
            return;
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Mem<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IAccumulator
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        if (!TOp.Do<T>(cpu, Int.From(value)))
        {
            Fault.Raise(cpu, op, Fault.De);
            return;
        }
        Chain.Next(cpu, op);
    }

    private readonly struct Mul : IAccumulator
    {
        [MethodImpl(Jit.Inline)]
        public static bool Do<T>(Cpu* cpu, ulong operand) where T : unmanaged
        {
            ulong low, high;
            if (sizeof(T) == 8) high = Math.BigMul(cpu->Gpr[0], operand, out low);
            else
            {
                ulong product = Int.Reg<T>(cpu, Rax) * operand;
                low = Int.Zext<T>(product);
                high = product >> Int.Bits<T>();
            }
            SetPair<T>(cpu, low, high);
            ulong overflow = high != 0 ? 1u : 0u;
            Flags.SetResult<T>(cpu, low, overflow, overflow);
            return true;
        }
    }

    private readonly struct SignedMul : IAccumulator
    {
        [MethodImpl(Jit.Inline)]
        public static bool Do<T>(Cpu* cpu, ulong operand) where T : unmanaged
        {
            ulong low, high, overflow;
            if (sizeof(T) == 8)
            {
                long signedHigh = Math.BigMul((long)cpu->Gpr[0], (long)operand, out long signedLow);
                low = (ulong)signedLow;
                high = (ulong)signedHigh;
                overflow = signedHigh != signedLow >> 63 ? 1u : 0u;
            }
            else
            {
                long product = Int.Sext<T>(Int.Reg<T>(cpu, Rax)) * Int.Sext<T>(operand);
                low = Int.Zext<T>((ulong)product);
                high = Int.Zext<T>((ulong)(product >> Int.Bits<T>()));
                overflow = product != Int.Sext<T>(low) ? 1u : 0u;
            }
            SetPair<T>(cpu, low, high);
            Flags.SetResult<T>(cpu, low, overflow, overflow);
            return true;
        }
    }

    private readonly struct Div : IAccumulator
    {
        [MethodImpl(Jit.Inline)]
        public static bool Do<T>(Cpu* cpu, ulong operand) where T : unmanaged
        {
            if (operand == 0) return false;
            if (sizeof(T) == 8) return DivideWide(cpu, operand);
            ulong dividend = Pair<T>(cpu);
            ulong quotient = dividend / operand;
            if (quotient > Int.Mask<T>()) return false;
            SetPair<T>(cpu, quotient, dividend % operand);
            return true;
        }
    }

    private readonly struct SignedDiv : IAccumulator
    {
        [MethodImpl(Jit.Inline)]
        public static bool Do<T>(Cpu* cpu, ulong operand) where T : unmanaged
        {
            if (operand == 0) return false;
            if (sizeof(T) == 8) return DivideWideSigned(cpu, (long)operand);
            // The dividend has twice the width: for 32-bit operands it is a whole long, and its smallest value over −1
            // overflows.
            long dividend = sizeof(T) == 4 ? (long)Pair<T>(cpu) : sizeof(T) == 2
                ? (int)Pair<T>(cpu) : (short)Pair<T>(cpu);
            long divisor = Int.Sext<T>(operand);
            if (divisor == -1 && dividend == long.MinValue) return false;
            long quotient = dividend / divisor;
            if (quotient != Int.Sext<T>((ulong)quotient)) return false;
            SetPair<T>(cpu, (ulong)quotient, (ulong)(dividend % divisor));
            return true;
        }
    }

    [MethodImpl(Jit.Cold)]
    private static bool DivideWide(Cpu* cpu, ulong divisor)
    {
        ulong low = cpu->Gpr[0], high = cpu->Gpr[2];
        if (high >= divisor) return false;
        if (high == 0)
        {
            cpu->Gpr[0] = low / divisor;
            cpu->Gpr[2] = low % divisor;
            return true;
        }
        (UInt128 quotient, UInt128 remainder) = UInt128.DivRem(new UInt128(high, low), divisor);
        cpu->Gpr[0] = (ulong)quotient;
        cpu->Gpr[2] = (ulong)remainder;
        return true;
    }

    [MethodImpl(Jit.Cold)]
    private static bool DivideWideSigned(Cpu* cpu, long divisor)
    {
        long low = (long)cpu->Gpr[0], high = (long)cpu->Gpr[2];
        if (high == low >> 63 && !(divisor == -1 && low == long.MinValue))
        {
            cpu->Gpr[0] = (ulong)(low / divisor);
            cpu->Gpr[2] = (ulong)(low % divisor);
            return true;
        }
        var dividend = new Int128((ulong)high, (ulong)low);
        // |dividend| up to 2^127 over |divisor| at least 1: only the smallest value over −1 leaves Int128, and it
        // overflows anyhow.
        if (dividend == Int128.MinValue) return false;
        Int128 quotient = dividend / divisor;
        if (quotient < long.MinValue || quotient > long.MaxValue) return false;
        cpu->Gpr[0] = (ulong)(long)quotient;
        cpu->Gpr[2] = (ulong)(long)(dividend - quotient * divisor);
        return true;
    }

    [MethodImpl(Jit.Inline)]
    private static ulong Pair<T>(Cpu* cpu) where T : unmanaged =>
        sizeof(T) == 1 ? (ushort)cpu->Gpr[0] : Int.Reg<T>(cpu, Rdx) << Int.Bits<T>() | Int.Reg<T>(cpu, Rax);

    [MethodImpl(Jit.Inline)]
    private static void SetPair<T>(Cpu* cpu, ulong low, ulong high) where T : unmanaged
    {
        Int.SetReg<T>(cpu, Rax, low);
        Int.SetReg<T>(cpu, sizeof(T) == 1 ? Ah : Rdx, high);
    }
}
