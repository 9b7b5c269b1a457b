using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using V = System.Runtime.Intrinsics.Vector128<byte>;

namespace Hv.X86.Interpreter;

// Products: SDM vol. 1, 5.4.3, 5.6.3, 5.8.2 and 5.10.1. Each has a portable form for hosts without the instruction.

internal readonly struct Pmullw : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt16() * b.AsInt16()).AsByte();
}

internal readonly struct Pmulld : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt32() * b.AsInt32()).AsByte();
}

internal readonly struct Pmulhw : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.MultiplyHigh(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.Narrow(
            Vector128.ShiftRightLogical(Vector128.WidenLower(a.AsInt16()) * Vector128.WidenLower(b.AsInt16()), 16),
            Vector128.ShiftRightLogical(Vector128.WidenUpper(a.AsInt16()) * Vector128.WidenUpper(b.AsInt16()),
            16)).AsByte();
}

internal readonly struct Pmulhuw : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.MultiplyHigh(a.AsUInt16(), b.AsUInt16()).AsByte()
        : Vector128.Narrow(
            Vector128.ShiftRightLogical(Vector128.WidenLower(a.AsUInt16()) * Vector128.WidenLower(b.AsUInt16()), 16),
            Vector128.ShiftRightLogical(Vector128.WidenUpper(a.AsUInt16()) * Vector128.WidenUpper(b.AsUInt16()),
            16)).AsByte();
}

internal readonly struct Pmulhrsw : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.MultiplyHighRoundScale(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.Narrow(
            Round(Vector128.WidenLower(a.AsInt16()) * Vector128.WidenLower(b.AsInt16())),
            Round(Vector128.WidenUpper(a.AsInt16()) * Vector128.WidenUpper(b.AsInt16()))).AsByte();

    private static Vector128<int> Round(Vector128<int> product) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftRightArithmetic(product, 14) + Vector128<int>.One, 1);
}

internal readonly struct Pmuludq : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.Multiply(a.AsUInt32(), b.AsUInt32()).AsByte()
        : ((a.AsUInt64() & Vector128.Create(0xFFFF_FFFFul)) * (b.AsUInt64() & Vector128.Create(0xFFFF_FFFFul))).AsByte();
}

internal readonly struct Pmuldq : IVectorOp
{
    public static V Apply(V a, V b) => Sse41.IsSupported
        ? Sse41.Multiply(a.AsInt32(), b.AsInt32()).AsByte()
        : (SignExtend(a.AsInt64()) * SignExtend(b.AsInt64())).AsByte();

    private static Vector128<long> SignExtend(Vector128<long> v) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(v, 32), 32);
}

internal readonly struct Pmaddwd : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsByte()
        : ((Even(a) * Even(b)) + (Odd(a) * Odd(b))).AsByte();

    private static Vector128<int> Even(V v) => Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(v.AsInt32(), 16), 16);
    private static Vector128<int> Odd(V v) => Vector128.ShiftRightArithmetic(v.AsInt32(), 16);
}

/// <summary>Unsigned bytes of the destination by signed bytes of the source; sums of two saturate.</summary>
internal readonly struct Pmaddubsw : IVectorOp
{
    public static V Apply(V a, V b)
    {
        if (Ssse3.IsSupported) return Ssse3.MultiplyAddAdjacent(a, b.AsSByte()).AsByte();
        Vector128<short> even = (a.AsInt16() & Vector128.Create((short)0xFF))
            * Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(b.AsInt16(), 8), 8);
        Vector128<short> odd =
            Vector128.ShiftRightLogical(a.AsInt16(), 8) * Vector128.ShiftRightArithmetic(b.AsInt16(), 8);
        return Vector128.AddSaturate(even, odd).AsByte();
    }
}

internal readonly struct Psadbw : IVectorOp
{
    public static V Apply(V a, V b)
    {
        if (Sse2.IsSupported) return Sse2.SumAbsoluteDifferences(a, b).AsByte();
        V difference = Vector128.Max(a, b) - Vector128.Min(a, b);
        return Vector128.Create(
            (ulong)Vector128.Sum(Vector128.WidenLower(difference)),
            Vector128.Sum(Vector128.WidenUpper(difference))).AsByte();
    }
}

/// <summary>Eight sums of four absolute differences; the immediate chooses blocks of four bytes.</summary>
internal readonly struct Mpsadbw : IVectorImmOp
{
    public static V Apply(V a, V b, int imm)
    {
        int first = (imm >> 2 & 1) * 4, second = (imm & 3) * 4;
        Vector128<ushort> result = default;
        for (int i = 0; i < 8; i++)
        {
            int sum = 0;
            for (int j = 0; j < 4; j++) sum += Math.Abs(a.GetElement(first + i + j) - b.GetElement(second + j));
            result = result.WithElement(i, (ushort)sum);
        }
        return result.AsByte();
    }
}

/// <summary>The smallest word and its index.</summary>
internal readonly struct Phminposuw : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<ushort> words = b.AsUInt16();
        int best = 0;
        for (int i = 1; i < 8; i++)
        {
            if (words.GetElement(i) < words.GetElement(best)) best = i;
        }
        return Vector128.CreateScalar(words.GetElement(best) | (ulong)best << 16).AsByte();
    }
}

// Sums of neighbours: destination's below source's. Widening one element into two keeps them exact; narrowing wraps or
// saturates.

internal readonly struct Phaddw : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalAdd(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.Narrow(Neighbours.Low(a) + Neighbours.High(a), Neighbours.Low(b) + Neighbours.High(b)).AsByte();
}

internal readonly struct Phsubw : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalSubtract(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.Narrow(Neighbours.Low(a) - Neighbours.High(a), Neighbours.Low(b) - Neighbours.High(b)).AsByte();
}

internal readonly struct Phaddsw : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalAddSaturate(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.NarrowWithSaturation(Neighbours.Low(a) + Neighbours.High(a),
            Neighbours.Low(b) + Neighbours.High(b)).AsByte();
}

internal readonly struct Phsubsw : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalSubtractSaturate(a.AsInt16(), b.AsInt16()).AsByte()
        : Vector128.NarrowWithSaturation(Neighbours.Low(a) - Neighbours.High(a),
            Neighbours.Low(b) - Neighbours.High(b)).AsByte();
}

internal readonly struct Phaddd : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalAdd(a.AsInt32(), b.AsInt32()).AsByte()
        : Vector128.Narrow(Neighbours.LowDwords(a) + Neighbours.HighDwords(a), Neighbours.LowDwords(b)
            + Neighbours.HighDwords(b)).AsByte();
}

internal readonly struct Phsubd : IVectorOp
{
    public static V Apply(V a, V b) => Ssse3.IsSupported
        ? Ssse3.HorizontalSubtract(a.AsInt32(), b.AsInt32()).AsByte()
        : Vector128.Narrow(Neighbours.LowDwords(a) - Neighbours.HighDwords(a),
            Neighbours.LowDwords(b) - Neighbours.HighDwords(b)).AsByte();
}

/// <summary>The even (low) and odd (high) elements, widened.</summary>
internal static class Neighbours
{
    public static Vector128<int> Low(V v) => Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(v.AsInt32(), 16), 16);
    public static Vector128<int> High(V v) => Vector128.ShiftRightArithmetic(v.AsInt32(), 16);
    public static Vector128<long> LowDwords(V v) => v.AsInt64();
    public static Vector128<long> HighDwords(V v) => Vector128.ShiftRightLogical(v.AsInt64(), 32);
}
