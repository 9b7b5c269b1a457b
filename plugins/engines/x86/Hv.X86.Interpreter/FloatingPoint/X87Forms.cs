using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;

namespace Hv.X86.Interpreter;

/// <summary>A basic arithmetic operation: destination and source.</summary>
internal interface IX87Binary
{
    static abstract Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised);
}

/// <summary>A memory operand that is converted to extended precision.</summary>
internal interface IX87Operand
{
    /// <summary>Bytes in memory: 2, 4 or 8.</summary>
    static abstract int Bytes { get; }
    static abstract Float80 Convert(ulong value, ref FpExceptions raised);
}

/// <summary>Builds x87 instructions. Aux is the stack index, Dst the number of registers popped, Imm the last-opcode value (FOP), Src2 is 1
/// with a memory operand.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class X87Forms
{
    /// <summary>Waiting instruction without memory operand; the index comes from register operand <paramref name="operand"/>, or is 0.</summary>
    public static bool Begin(BlockBuilder b, int operand = -1, int pops = 0)
    {
        if (!FloatGate.AllowsX87(b)) return false;
        Op* op = b.Op;
        op->Aux = operand < 0 ? (ushort)0 : (ushort)b.RegisterNumber(operand);
        op->Dst = (ushort)pops;
        op->Imm = b.X87Opcode();
        return true;
    }

    /// <summary>Waiting instruction with a memory operand.</summary>
    public static bool BeginMemory(BlockBuilder b, int pops = 0)
    {
        if (!Begin(b, -1, pops)) return false;
        b.Op->Src2 = 1;
        return true;
    }

    /// <summary>Gives a signalling NaN back what its conversion made quiet, and takes the exception away: the arithmetic raises it, and
    /// chooses between two NaNs by it.</summary>
    public static Float80 Unquiet(Float80 converted, ref FpExceptions converting)
    {
        if ((converting & FpExceptions.Invalid) == 0) return converted;
        converting &= ~FpExceptions.Invalid;
        return converted with { Significand = converted.Significand & ~(1ul << 62) };
    }

    /// <summary>Reads a memory operand of an operand type.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Read<TOperand>(Cpu* cpu, Op* op, out ulong value) where TOperand : struct, IX87Operand
    {
        if (TOperand.Bytes == 8) return Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out value);
        if (TOperand.Bytes == 4)
        {
            bool done = Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out uint narrow);
            value = narrow;
            return done;
        }
        bool read = Memory.Read(cpu, op, Address.Linear(cpu, op, 2), out ushort small);
        value = small;
        return read;
    }
}

/// <summary>m32fp.</summary>
internal readonly struct OperandBinary32 : IX87Operand
{
    public static int Bytes => 4;
    [MethodImpl(Jit.Inline)]
    public static Float80 Convert(ulong value, ref FpExceptions raised) => X87.FromBinary32((uint)value, ref raised);
}

/// <summary>m64fp.</summary>
internal readonly struct OperandBinary64 : IX87Operand
{
    public static int Bytes => 8;
    [MethodImpl(Jit.Inline)]
    public static Float80 Convert(ulong value, ref FpExceptions raised) => X87.FromBinary64(value, ref raised);
}

/// <summary>m16int.</summary>
internal readonly struct OperandInt16 : IX87Operand
{
    public static int Bytes => 2;
    public static Float80 Convert(ulong value, ref FpExceptions raised) => X87.FromInteger((short)value);
}

/// <summary>m32int.</summary>
internal readonly struct OperandInt32 : IX87Operand
{
    public static int Bytes => 4;
    public static Float80 Convert(ulong value, ref FpExceptions raised) => X87.FromInteger((int)value);
}

/// <summary>m64int.</summary>
internal readonly struct OperandInt64 : IX87Operand
{
    public static int Bytes => 8;
    public static Float80 Convert(ulong value, ref FpExceptions raised) => X87.FromInteger((long)value);
}
