using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Where the last operand of a handler is.</summary>
internal interface ISource
{
    static abstract bool IsMemory { get; }
}

/// <summary>In a register.</summary>
internal readonly struct FromRegister : ISource
{
    public static bool IsMemory => false;
}

/// <summary>In memory.</summary>
internal readonly struct FromMemory : ISource
{
    public static bool IsMemory => true;
}

/// <summary>How an instruction is encoded, where that decides what happens to the rest of the destination.</summary>
internal interface IEncoding
{
    static abstract bool IsVex { get; }
}

/// <summary>Legacy SSE: two operands; everything above the result is kept.</summary>
internal readonly struct Legacy : IEncoding
{
    public static bool IsVex => false;
}

/// <summary>VEX: three operands; everything above bit 127 is zeroed.</summary>
internal readonly struct Vex : IEncoding
{
    public static bool IsVex => true;
}

/// <summary>Handlers of elementwise floating-point instructions by operand form. Legacy forms use Dst and Src; VEX forms Dst, Src and
/// Src2; the immediate is in Aux. F is the element's format.</summary>
// SAFETY (whole class): register offsets come from BlockBuilder; 32 bytes lie there.
internal static unsafe class FloatForms
{
    /// <summary>Builds ADDPS, VADDPS… with whole vectors.</summary>
    public static void Packed<F, TOp>(BlockBuilder b) where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = SetOperands(b);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
        {
            if (isMemory) b.Emit(&Sse<F, TOp, FromMemory>);
            else b.Emit(&Sse<F, TOp, FromRegister>);
        }
        else if (b.Instruction.Op0Register.IsYMM())
        {
            if (isMemory) b.Emit(&Vex256<F, TOp, FromMemory>);
            else b.Emit(&Vex256<F, TOp, FromRegister>);
        }
        else if (isMemory) b.Emit(&Vex128<F, TOp, FromMemory>);
        else b.Emit(&Vex128<F, TOp, FromRegister>);
    }

    /// <summary>Builds ADDSS, VADDSD… that change the lowest element.</summary>
    public static void Scalar<F, TOp>(BlockBuilder b) where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = SetOperands(b);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
        {
            if (isMemory) b.Emit(&Scalar<F, TOp, FromMemory, Legacy>);
            else b.Emit(&Scalar<F, TOp, FromRegister, Legacy>);
        }
        else if (isMemory) b.Emit(&Scalar<F, TOp, FromMemory, Vex>);
        else b.Emit(&Scalar<F, TOp, FromRegister, Vex>);
    }

    /// <summary>Fills Dst, Src, Src2 and Aux: register operands in order (the last one also as the source of one-source VEX forms), the
    /// immediate. True when the source is in memory.</summary>
    public static bool SetOperands(BlockBuilder b)
    {
        Op* op = b.Op;
        int count = b.Instruction.OpCount;
        if (b.IsImmediate(count - 1)) op->Aux = (ushort)(b.Immediate(--count) & 0xFF);
        bool isMemory = b.IsMemory(count - 1);
        op->Dst = b.Register(0);
        if (count == 3) op->Src = b.Register(1);
        if (isMemory) return true;
        ushort last = b.Register(count - 1);
        if (count == 2) op->Src = last;
        op->Src2 = last;
        return false;
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Sse<F, TOp, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TSource : struct, ISource
    {
        Vector128<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out b)) return;
        }
        else b = *(Vector128<byte>*)((byte*)cpu + op->Src);
        if (!Compute128<F, TOp>(cpu, op, *(Vector128<byte>*)((byte*)cpu + op->Dst), b, out Vector128<byte> r)) return;
        *(Vector128<byte>*)((byte*)cpu + op->Dst) = r;
        Chain.Next(cpu, op);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Vex128<F, TOp, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TSource : struct, ISource
    {
        Vector128<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out b)) return;
        }
        else b = *(Vector128<byte>*)((byte*)cpu + op->Src2);
        if (!Compute128<F, TOp>(cpu, op, *(Vector128<byte>*)((byte*)cpu + op->Src), b, out Vector128<byte> r)) return;
        *(Vector256<byte>*)((byte*)cpu + op->Dst) = Vector256.Create(r, Vector128<byte>.Zero);
        Chain.Next(cpu, op);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Vex256<F, TOp, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TSource : struct, ISource
    {
        Vector256<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out b)) return;
        }
        else b = *(Vector256<byte>*)((byte*)cpu + op->Src2);
        if (!Compute256<F, TOp>(cpu, op, *(Vector256<byte>*)((byte*)cpu + op->Src), b, out Vector256<byte> r)) return;
        *(Vector256<byte>*)((byte*)cpu + op->Dst) = r;
        Chain.Next(cpu, op);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Scalar<F, TOp, TSource, TEncoding>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise
        where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        byte* first = (byte*)cpu + (TEncoding.IsVex ? op->Src : op->Dst);
        if (typeof(F) == typeof(Binary64))
        {
            ulong b;
            if (TSource.IsMemory)
            {
                if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out b)) return;
            }
            else b = *(ulong*)((byte*)cpu + (TEncoding.IsVex ? op->Src2 : op->Src));
            ulong a = *(ulong*)first;
            if (!TOp.Try(a, b, op->Aux, cpu->Mxcsr, out ulong r))
            {
                if (!SlowFloat.Scalar<F, TOp>(cpu, op, a, b)) return;
                r = *(ulong*)&cpu->FloatOperands;
            }
            if (TEncoding.IsVex) SetScalarVex(cpu, op, first);
            *(ulong*)((byte*)cpu + op->Dst) = r;
        }
        else
        {
            uint b;
            if (TSource.IsMemory)
            {
                if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out b)) return;
            }
            else b = *(uint*)((byte*)cpu + (TEncoding.IsVex ? op->Src2 : op->Src));
            uint a = *(uint*)first;
            if (!TOp.Try(a, b, op->Aux, cpu->Mxcsr, out uint r))
            {
                if (!SlowFloat.Scalar<F, TOp>(cpu, op, a, b)) return;
                r = *(uint*)&cpu->FloatOperands;
            }
            if (TEncoding.IsVex) SetScalarVex(cpu, op, first);
            *(uint*)((byte*)cpu + op->Dst) = r;
        }
        Chain.Next(cpu, op);
    }

    /// <summary>The rest of a scalar VEX destination: bits 127 down from the first source, zeros above.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetScalarVex(Cpu* cpu, Op* op, byte* first)
        => *(Vector256<byte>*)((byte*)cpu + op->Dst) = Vector256.Create(*(Vector128<byte>*)first, Vector128<byte>.Zero);

    /// <summary>One 128-bit vector; false: an exception was raised.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Compute128<F, TOp>(Cpu* cpu, Op* op, Vector128<byte> a, Vector128<byte> b, out Vector128<byte> r)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        if (typeof(F) == typeof(Binary64))
        {
            bool done = TOp.Try(a.AsDouble(), b.AsDouble(), op->Aux, cpu->Mxcsr, out Vector128<double> result);
            r = result.AsByte();
            if (done) return true;
        }
        else
        {
            bool done = TOp.Try(a.AsSingle(), b.AsSingle(), op->Aux, cpu->Mxcsr, out Vector128<float> result);
            r = result.AsByte();
            if (done) return true;
        }
        *(Vector128<byte>*)&cpu->FloatOperands = a;
        *(Vector128<byte>*)((byte*)&cpu->FloatOperands + SlowFloat.OperandBytes) = b;
        bool completed = SlowFloat.Packed<F, TOp>(cpu, op, 16);
        r = *(Vector128<byte>*)&cpu->FloatOperands;
        return completed;
    }

    /// <summary>One 256-bit vector; false: an exception was raised.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Compute256<F, TOp>(Cpu* cpu, Op* op, Vector256<byte> a, Vector256<byte> b, out Vector256<byte> r)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise
    {
        if (typeof(F) == typeof(Binary64))
        {
            bool done = TOp.Try(a.AsDouble(), b.AsDouble(), op->Aux, cpu->Mxcsr, out Vector256<double> result);
            r = result.AsByte();
            if (done) return true;
        }
        else
        {
            bool done = TOp.Try(a.AsSingle(), b.AsSingle(), op->Aux, cpu->Mxcsr, out Vector256<float> result);
            r = result.AsByte();
            if (done) return true;
        }
        *(Vector256<byte>*)&cpu->FloatOperands = a;
        *(Vector256<byte>*)((byte*)&cpu->FloatOperands + SlowFloat.OperandBytes) = b;
        bool completed = SlowFloat.Packed<F, TOp>(cpu, op, 32);
        r = *(Vector256<byte>*)&cpu->FloatOperands;
        return completed;
    }
}
