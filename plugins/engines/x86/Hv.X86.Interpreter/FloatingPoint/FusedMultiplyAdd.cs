using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>FMA3 (SDM vol. 1, 14.5): ±(a · b) ± c with one rounding. Aux says which signs change: bit 0 the product's, bit 1 the addend's in
/// even elements, bit 2 in odd ones.</summary>
// SAFETY (whole class): register offsets come from BlockBuilder; 32 bytes lie there.
internal static unsafe partial class FusedMultiplyAdd
{
    private const int NegateProduct = 1, NegateEven = 2, NegateOdd = 4;

    /// <summary>Which operands are multiplicand, multiplier and addend (SDM vol. 1, table 14-16).</summary>
    private interface IOrder
    {
        static abstract int Digits { get; }
    }

    /// <summary>132: first · third + second.</summary>
    private readonly struct Order132 : IOrder
    {
        public static int Digits => 132;
    }

    /// <summary>213: second · first + third.</summary>
    private readonly struct Order213 : IOrder
    {
        public static int Digits => 213;
    }

    /// <summary>231: second · third + first.</summary>
    private readonly struct Order231 : IOrder
    {
        public static int Digits => 231;
    }

    private static void Build<F, TOrder>(BlockBuilder b) where F : struct, IBinaryFormat where TOrder : struct, IOrder
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        b.Op->Aux = Signs(b.Instruction.Mnemonic.ToString());
        if (b.Instruction.Op0Register.IsYMM()) b.Emit(isMemory ? &Packed256<F, TOrder, FromMemory> : &Packed256<F, TOrder, FromRegister>);
        else b.Emit(isMemory ? &Packed128<F, TOrder, FromMemory> : &Packed128<F, TOrder, FromRegister>);
    }

    private static void BuildScalar<F, TOrder>(BlockBuilder b) where F : struct, IBinaryFormat where TOrder : struct, IOrder
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        b.Op->Aux = Signs(b.Instruction.Mnemonic.ToString());
        if (F.FractionBits == Binary64.FractionBits) b.Emit(isMemory ? &Scalar64<TOrder, FromMemory> : &Scalar64<TOrder, FromRegister>);
        else b.Emit(isMemory ? &Scalar32<TOrder, FromMemory> : &Scalar32<TOrder, FromRegister>);
    }

    /// <summary>From the mnemonic: VFMADD, VFMSUB, VFNMADD, VFNMSUB, VFMADDSUB, VFMSUBADD.</summary>
    private static ushort Signs(string mnemonic)
    {
        int signs = mnemonic.StartsWith("Vfn", StringComparison.Ordinal) ? NegateProduct : 0;
        bool alternates = mnemonic.Contains("addsub", StringComparison.Ordinal) || mnemonic.Contains("subadd", StringComparison.Ordinal);
        if (alternates) signs |= mnemonic.StartsWith("Vfmadd", StringComparison.Ordinal) ? NegateEven : NegateOdd;
        else if (mnemonic.Contains("msub", StringComparison.Ordinal)) signs |= NegateEven | NegateOdd;
        return (ushort)signs;
    }

    [MethodImpl(Jit.Inline)]
    private static (T A, T B, T C) Arrange<T, TOrder>(T first, T second, T third) where TOrder : struct, IOrder
        => TOrder.Digits == 132 ? (first, third, second) : TOrder.Digits == 213 ? (second, first, third) : (second, third, first);

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Scalar64<TOrder, TSource>(Cpu* cpu, Op* op) where TOrder : struct, IOrder where TSource : struct, ISource
    {
        ulong third;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out third)) return;
        }
        else third = *(ulong*)((byte*)cpu + op->Src2);
        (ulong a, ulong b, ulong c) = Arrange<ulong, TOrder>(*(ulong*)((byte*)cpu + op->Dst), *(ulong*)((byte*)cpu + op->Src), third);
        ulong product = (ulong)(op->Aux & NegateProduct) << 63, addend = (ulong)(op->Aux & NegateEven) << 62;
        if (!FastFloat.TryFused64(a ^ product, b, c ^ addend, cpu->Mxcsr, out ulong r))
        {
            if (!ScalarExactly<Binary64>(cpu, op, a, b, c)) return;
            r = *(ulong*)&cpu->FloatOperands;
        }
        *(ulong*)((byte*)cpu + op->Dst) = r;
        Xmm.SetHigh(cpu, op->Dst, Vector128<byte>.Zero);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Scalar32<TOrder, TSource>(Cpu* cpu, Op* op) where TOrder : struct, IOrder where TSource : struct, ISource
    {
        uint third;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out third)) return;
        }
        else third = *(uint*)((byte*)cpu + op->Src2);
        (uint a, uint b, uint c) = Arrange<uint, TOrder>(*(uint*)((byte*)cpu + op->Dst), *(uint*)((byte*)cpu + op->Src), third);
        uint product = (uint)(op->Aux & NegateProduct) << 31, addend = (uint)(op->Aux & NegateEven) << 30;
        if (!FastFloat.TryFused32(a ^ product, b, c ^ addend, cpu->Mxcsr, out uint r))
        {
            if (!ScalarExactly<Binary32>(cpu, op, a, b, c)) return;
            r = *(uint*)&cpu->FloatOperands;
        }
        *(uint*)((byte*)cpu + op->Dst) = r;
        Xmm.SetHigh(cpu, op->Dst, Vector128<byte>.Zero);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Packed128<F, TOrder, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOrder : struct, IOrder where TSource : struct, ISource
    {
        Vector128<byte> third;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out third)) return;
        }
        else third = Xmm.Low(cpu, op->Src2);
        (Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =
            Arrange<Vector128<byte>, TOrder>(Xmm.Low(cpu, op->Dst), Xmm.Low(cpu, op->Src), third);
        if (!Try128<F>(a, b, c, op->Aux, cpu->Mxcsr, out Vector128<byte> r))
        {
            byte* operands = (byte*)&cpu->FloatOperands;
            a.Store(operands);
            b.Store(operands + SlowFloat.OperandBytes);
            c.Store(operands + 2 * SlowFloat.OperandBytes);
            if (!PackedExactly<F>(cpu, op, 16)) return;
            r = Vector128.Load(operands);
        }
        Xmm.SetOnly(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Packed256<F, TOrder, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOrder : struct, IOrder where TSource : struct, ISource
    {
        Vector256<byte> third;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out third)) return;
        }
        else third = Vector256.Load((byte*)cpu + op->Src2);
        (Vector256<byte> a, Vector256<byte> b, Vector256<byte> c) =
            Arrange<Vector256<byte>, TOrder>(Vector256.Load((byte*)cpu + op->Dst), Vector256.Load((byte*)cpu + op->Src), third);
        if (!Try256<F>(a, b, c, op->Aux, cpu->Mxcsr, out Vector256<byte> r))
        {
            byte* operands = (byte*)&cpu->FloatOperands;
            a.Store(operands);
            b.Store(operands + SlowFloat.OperandBytes);
            c.Store(operands + 2 * SlowFloat.OperandBytes);
            if (!PackedExactly<F>(cpu, op, 32)) return;
            r = Vector256.Load(operands);
        }
        r.Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static bool Try128<F>(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, uint signs, uint mxcsr, out Vector128<byte> r)
        where F : struct, IBinaryFormat
    {
        if (F.FractionBits == Binary64.FractionBits)
        {
            Vector128<ulong> product = Vector128.Create((ulong)(signs & NegateProduct) << 63);
            Vector128<ulong> addend = Vector128.Create((ulong)(signs & NegateEven) << 62, (ulong)(signs & NegateOdd) << 61);
            bool wide = FastFloat.TryFused((a.AsUInt64() ^ product).AsDouble(), b.AsDouble(), (c.AsUInt64() ^ addend).AsDouble(),
                mxcsr, out Vector128<double> doubles);
            r = doubles.AsByte();
            return wide;
        }
        Vector128<uint> sign = Vector128.Create((signs & NegateProduct) << 31);
        Vector128<uint> alternating = Vector128.Create(AlternatingSigns(signs)).AsUInt32();
        bool done = FastFloat.TryFused((a.AsUInt32() ^ sign).AsSingle(), b.AsSingle(), (c.AsUInt32() ^ alternating).AsSingle(),
            mxcsr, out Vector128<float> singles);
        r = singles.AsByte();
        return done;
    }

    [MethodImpl(Jit.Inline)]
    private static bool Try256<F>(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c, uint signs, uint mxcsr, out Vector256<byte> r)
        where F : struct, IBinaryFormat
    {
        if (F.FractionBits == Binary64.FractionBits)
        {
            Vector256<ulong> product = Vector256.Create((ulong)(signs & NegateProduct) << 63);
            Vector128<ulong> pair = Vector128.Create((ulong)(signs & NegateEven) << 62, (ulong)(signs & NegateOdd) << 61);
            bool wide = FastFloat.TryFused((a.AsUInt64() ^ product).AsDouble(), b.AsDouble(),
                (c.AsUInt64() ^ Vector256.Create(pair, pair)).AsDouble(), mxcsr, out Vector256<double> doubles);
            r = doubles.AsByte();
            return wide;
        }
        Vector256<uint> sign = Vector256.Create((signs & NegateProduct) << 31);
        Vector256<uint> alternating = Vector256.Create(AlternatingSigns(signs)).AsUInt32();
        bool done = FastFloat.TryFused((a.AsUInt32() ^ sign).AsSingle(), b.AsSingle(), (c.AsUInt32() ^ alternating).AsSingle(),
            mxcsr, out Vector256<float> singles);
        r = singles.AsByte();
        return done;
    }

    /// <summary>The addend's sign bits of an even and an odd binary32 element.</summary>
    [MethodImpl(Jit.Inline)]
    private static ulong AlternatingSigns(uint signs) => (ulong)(signs & NegateEven) << 30 | (ulong)(signs & NegateOdd) << 61;

    [MethodImpl(Jit.Cold)]
    private static bool ScalarExactly<F>(Cpu* cpu, Op* op, ulong a, ulong b, ulong c) where F : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        *(ulong*)&cpu->FloatOperands = SoftFloat<F>.FusedMultiplyAdd(
            a, b, c, (op->Aux & NegateProduct) != 0, (op->Aux & NegateEven) != 0, new Mxcsr(cpu->Mxcsr), ref raised);
        return SlowFloat.Commit(cpu, op, raised);
    }

    [MethodImpl(Jit.Cold)]
    private static bool PackedExactly<F>(Cpu* cpu, Op* op, int bytes) where F : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        Mxcsr control = new(cpu->Mxcsr);
        byte* operands = (byte*)&cpu->FloatOperands;
        int size = SlowFloat.Bytes<F>();
        for (int at = 0; at < bytes; at += size)
        {
            int negate = (at & size) == 0 ? NegateEven : NegateOdd;
            ulong r = SoftFloat<F>.FusedMultiplyAdd(
                SlowFloat.Load<F>(operands + at),
                SlowFloat.Load<F>(operands + SlowFloat.OperandBytes + at),
                SlowFloat.Load<F>(operands + 2 * SlowFloat.OperandBytes + at),
                (op->Aux & NegateProduct) != 0, (op->Aux & negate) != 0, control, ref raised);
            SlowFloat.Store<F>(operands + at, r);
        }
        return SlowFloat.Commit(cpu, op, raised);
    }
}
