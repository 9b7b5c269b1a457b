using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;

namespace Hv.X86.Interpreter;

/// <summary>The definition of SSE and AVX arithmetic, element by element, on the operands in <see cref="Cpu.FloatOperands"/>.</summary>
// SAFETY (whole class): FloatOperands holds three operands of 32 bytes; callers give at most 32 bytes of elements.
internal static unsafe class SlowFloat
{
    /// <summary>Distance between operands.</summary>
    public const int OperandBytes = 32;

    /// <summary>Size of an element in bytes.</summary>
    [MethodImpl(Jit.Inline)]
    public static int Bytes<F>() where F : struct, IBinaryFormat => (F.FractionBits + F.ExponentBits + 1) / 8;

    /// <summary>Adds flags to MXCSR. False: one of them is unmasked, and #XM (or #UD without CR4.OSXMMEXCPT) was raised
    /// (SDM vol. 1, 11.5.1).</summary>
    [MethodImpl(Jit.Cold)]
    public static bool Commit(Cpu* cpu, Op* op, FpExceptions raised)
    {
        if (Mxcsr.Raise(ref cpu->Mxcsr, raised) == FpExceptions.None) return true;
        Fault.Raise(cpu, op, (cpu->Cr4 & CpuMode.Cr4Osxmmexcpt) != 0 ? Fault.Xm : Fault.Ud);
        return false;
    }

    /// <summary>One element; the result is left in FloatOperands.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool Scalar<F, TOp>(Cpu* cpu, Op* op, ulong a, ulong b)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        FpExceptions raised = FpExceptions.None;
        *(ulong*)&cpu->FloatOperands = TOp.Exact<F>(a, b, op->Aux, new Mxcsr(cpu->Mxcsr), ref raised);
        return Commit(cpu, op, raised);
    }

    /// <summary>A vector of <paramref name="bytes"/> bytes; the result replaces the first operand.</summary>
    [MethodImpl(Jit.Cold)]
    public static bool Packed<F, TOp>(Cpu* cpu, Op* op, int bytes) where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        FpExceptions raised = FpExceptions.None;
        Mxcsr control = new(cpu->Mxcsr);
        byte* first = (byte*)&cpu->FloatOperands;
        for (int at = 0; at < bytes; at += Bytes<F>())
        {
            ulong a = Load<F>(first + at);
            ulong b = Load<F>(first + OperandBytes + at);
            Store<F>(first + at, TOp.Exact<F>(a, b, op->Aux, control, ref raised));
        }
        return Commit(cpu, op, raised);
    }

    /// <summary>Reads an element.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Load<F>(byte* from) where F : struct, IBinaryFormat
        => Bytes<F>() == 8 ? *(ulong*)from : Bytes<F>() == 4 ? *(uint*)from : *(ushort*)from;

    /// <summary>Writes an element.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Store<F>(byte* to, ulong value) where F : struct, IBinaryFormat
    {
        if (Bytes<F>() == 8) *(ulong*)to = value;
        else if (Bytes<F>() == 4) *(uint*)to = (uint)value;
        else *(ushort*)to = (ushort)value;
    }
}
