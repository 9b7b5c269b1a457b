using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector128<byte>;

namespace Hv.X86.Interpreter;

// Sums, differences, logic, minima, maxima and comparisons: SDM vol. 1, 5.4, 5.6.3, 5.8, 5.10 and 5.11.

internal readonly struct Paddb : IVectorOp
{
    public static V Apply(V a, V b) => a + b;
}

internal readonly struct Paddw : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt16() + b.AsInt16()).AsByte();
}

internal readonly struct Paddd : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt32() + b.AsInt32()).AsByte();
}

internal readonly struct Paddq : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt64() + b.AsInt64()).AsByte();
}

internal readonly struct Psubb : IVectorOp
{
    public static V Apply(V a, V b) => a - b;
}

internal readonly struct Psubw : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt16() - b.AsInt16()).AsByte();
}

internal readonly struct Psubd : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt32() - b.AsInt32()).AsByte();
}

internal readonly struct Psubq : IVectorOp
{
    public static V Apply(V a, V b) => (a.AsInt64() - b.AsInt64()).AsByte();
}

internal readonly struct Paddsb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.AddSaturate(a.AsSByte(), b.AsSByte()).AsByte();
}

internal readonly struct Paddsw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.AddSaturate(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Paddusb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.AddSaturate(a, b);
}

internal readonly struct Paddusw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.AddSaturate(a.AsUInt16(), b.AsUInt16()).AsByte();
}

internal readonly struct Psubsb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.SubtractSaturate(a.AsSByte(), b.AsSByte()).AsByte();
}

internal readonly struct Psubsw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.SubtractSaturate(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Psubusb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.SubtractSaturate(a, b);
}

internal readonly struct Psubusw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.SubtractSaturate(a.AsUInt16(), b.AsUInt16()).AsByte();
}

internal readonly struct Pand : IVectorOp
{
    public static V Apply(V a, V b) => a & b;
}

internal readonly struct Pandn : IVectorOp
{
    public static V Apply(V a, V b) => ~a & b;
}

internal readonly struct Por : IVectorOp
{
    public static V Apply(V a, V b) => a | b;
}

internal readonly struct Pxor : IVectorOp
{
    public static V Apply(V a, V b) => a ^ b;
}

internal readonly struct Pcmpeqb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Equals(a, b);
}

internal readonly struct Pcmpeqw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Equals(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Pcmpeqd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Equals(a.AsInt32(), b.AsInt32()).AsByte();
}

internal readonly struct Pcmpeqq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Equals(a.AsInt64(), b.AsInt64()).AsByte();
}

internal readonly struct Pcmpgtb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.GreaterThan(a.AsSByte(), b.AsSByte()).AsByte();
}

internal readonly struct Pcmpgtw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.GreaterThan(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Pcmpgtd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.GreaterThan(a.AsInt32(), b.AsInt32()).AsByte();
}

internal readonly struct Pcmpgtq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.GreaterThan(a.AsInt64(), b.AsInt64()).AsByte();
}

internal readonly struct Pminub : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a, b);
}

internal readonly struct Pminsb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a.AsSByte(), b.AsSByte()).AsByte();
}

internal readonly struct Pminuw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a.AsUInt16(), b.AsUInt16()).AsByte();
}

internal readonly struct Pminsw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Pminud : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a.AsUInt32(), b.AsUInt32()).AsByte();
}

internal readonly struct Pminsd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Min(a.AsInt32(), b.AsInt32()).AsByte();
}

internal readonly struct Pmaxub : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a, b);
}

internal readonly struct Pmaxsb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a.AsSByte(), b.AsSByte()).AsByte();
}

internal readonly struct Pmaxuw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a.AsUInt16(), b.AsUInt16()).AsByte();
}

internal readonly struct Pmaxsw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Pmaxud : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a.AsUInt32(), b.AsUInt32()).AsByte();
}

internal readonly struct Pmaxsd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Max(a.AsInt32(), b.AsInt32()).AsByte();
}

internal readonly struct Pabsb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Abs(b.AsSByte()).AsByte();
}

internal readonly struct Pabsw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Abs(b.AsInt16()).AsByte();
}

internal readonly struct Pabsd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.Abs(b.AsInt32()).AsByte();
}

internal readonly struct Psignb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.ConditionalSelect(
        Vector128.LessThan(b.AsSByte(), Vector128<sbyte>.Zero), -a.AsSByte(),
        a.AsSByte() & ~Vector128.Equals(b.AsSByte(), Vector128<sbyte>.Zero)).AsByte();
}

internal readonly struct Psignw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.ConditionalSelect(
        Vector128.LessThan(b.AsInt16(), Vector128<short>.Zero), -a.AsInt16(),
        a.AsInt16() & ~Vector128.Equals(b.AsInt16(), Vector128<short>.Zero)).AsByte();
}

internal readonly struct Psignd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.ConditionalSelect(
        Vector128.LessThan(b.AsInt32(), Vector128<int>.Zero), -a.AsInt32(),
        a.AsInt32() & ~Vector128.Equals(b.AsInt32(), Vector128<int>.Zero)).AsByte();
}

internal readonly struct Pavgb : IVectorOp
{
    // (a + b + 1) >> 1 without a carry out of the element.
    public static V Apply(V a, V b) => (a | b) - Vector128.ShiftRightLogical(a ^ b, 1);
}

internal readonly struct Pavgw : IVectorOp
{
    public static V Apply(V a, V b) =>
        ((a | b).AsUInt16() - Vector128.ShiftRightLogical((a ^ b).AsUInt16(), 1)).AsByte();
}
