using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using V = System.Runtime.Intrinsics.Vector128<byte>;

namespace Hv.X86.Interpreter;

// Packs, interleaves, widenings and shuffles: SDM vol. 1, 5.4.2, 5.4.4, 5.6.3, 5.10.

internal readonly struct Packsswb : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.NarrowWithSaturation(a.AsInt16(), b.AsInt16()).AsByte();
}

internal readonly struct Packssdw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.NarrowWithSaturation(a.AsInt32(), b.AsInt32()).AsByte();
}

internal readonly struct Packuswb : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16())
        : Vector128.Narrow(Clamp(a.AsInt16()), Clamp(b.AsInt16()));

    private static Vector128<ushort> Clamp(Vector128<short> v) =>
        Vector128.Min(Vector128.Max(v, Vector128<short>.Zero), Vector128.Create((short)0xFF)).AsUInt16();
}

internal readonly struct Packusdw : IVectorOp
{
    public static V Apply(V a, V b) => Sse41.IsSupported
        ? Sse41.PackUnsignedSaturate(a.AsInt32(), b.AsInt32()).AsByte()
        : Vector128.Narrow(Clamp(a.AsInt32()), Clamp(b.AsInt32())).AsByte();

    private static Vector128<uint> Clamp(Vector128<int> v) =>
        Vector128.Min(Vector128.Max(v, Vector128<int>.Zero), Vector128.Create(0xFFFF)).AsUInt32();
}

internal readonly struct Punpcklbw : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackLow(a, b)
        : (Vector128.WidenLower(a) | Vector128.ShiftLeft(Vector128.WidenLower(b), 8)).AsByte();
}

internal readonly struct Punpcklwd : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackLow(a.AsUInt16(), b.AsUInt16()).AsByte()
        : (Vector128.WidenLower(a.AsUInt16()) | Vector128.ShiftLeft(Vector128.WidenLower(b.AsUInt16()), 16)).AsByte();
}

internal readonly struct Punpckldq : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackLow(a.AsUInt32(), b.AsUInt32()).AsByte()
        : (Vector128.WidenLower(a.AsUInt32()) | Vector128.ShiftLeft(Vector128.WidenLower(b.AsUInt32()), 32)).AsByte();
}

internal readonly struct Punpcklqdq : IVectorOp
{
    public static V Apply(V a, V b) =>
        Vector128.Create(a.AsUInt64().GetElement(0), b.AsUInt64().GetElement(0)).AsByte();
}

internal readonly struct Punpckhbw : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a, b)
        : (Vector128.WidenUpper(a) | Vector128.ShiftLeft(Vector128.WidenUpper(b), 8)).AsByte();
}

internal readonly struct Punpckhwd : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a.AsUInt16(), b.AsUInt16()).AsByte()
        : (Vector128.WidenUpper(a.AsUInt16()) | Vector128.ShiftLeft(Vector128.WidenUpper(b.AsUInt16()), 16)).AsByte();
}

internal readonly struct Punpckhdq : IVectorOp
{
    public static V Apply(V a, V b) => Sse2.IsSupported
        ? Sse2.UnpackHigh(a.AsUInt32(), b.AsUInt32()).AsByte()
        : (Vector128.WidenUpper(a.AsUInt32()) | Vector128.ShiftLeft(Vector128.WidenUpper(b.AsUInt32()), 32)).AsByte();
}

internal readonly struct Punpckhqdq : IVectorOp
{
    public static V Apply(V a, V b) =>
        Vector128.Create(a.AsUInt64().GetElement(1), b.AsUInt64().GetElement(1)).AsByte();
}

internal readonly struct Pmovsxbw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b.AsSByte()).AsByte();
}

internal readonly struct Pmovsxbd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(Vector128.WidenLower(b.AsSByte())).AsByte();
}

internal readonly struct Pmovsxbq : IVectorOp
{
    public static V Apply(V a, V b) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.WidenLower(b.AsSByte()))).AsByte();
}

internal readonly struct Pmovsxwd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b.AsInt16()).AsByte();
}

internal readonly struct Pmovsxwq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(Vector128.WidenLower(b.AsInt16())).AsByte();
}

internal readonly struct Pmovsxdq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b.AsInt32()).AsByte();
}

internal readonly struct Pmovzxbw : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b).AsByte();
}

internal readonly struct Pmovzxbd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(Vector128.WidenLower(b)).AsByte();
}

internal readonly struct Pmovzxbq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(Vector128.WidenLower(Vector128.WidenLower(b))).AsByte();
}

internal readonly struct Pmovzxwd : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b.AsUInt16()).AsByte();
}

internal readonly struct Pmovzxwq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(Vector128.WidenLower(b.AsUInt16())).AsByte();
}

internal readonly struct Pmovzxdq : IVectorOp
{
    public static V Apply(V a, V b) => Vector128.WidenLower(b.AsUInt32()).AsByte();
}

/// <summary>Bytes of the destination chosen by bytes of the source; zero where bit 7 is set.</summary>
internal readonly struct Pshufb : IVectorOp
{
    public static V Apply(V a, V b) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(a, b) : Vector128.Shuffle(a, b & Vector128.Create((byte)0x8F));
}

/// <summary>PSHUFB on eight bytes: three index bits.</summary>
internal readonly struct PshufbMmx : IMmxOp
{
    public static ulong Apply(ulong a, ulong b, int imm) =>
        Pshufb.Apply(Vector128.CreateScalar(a).AsByte(),
        Vector128.CreateScalar(b & 0x8787_8787_8787_8787).AsByte()).AsUInt64().ToScalar();
}

/// <summary>PSHUFW: four words chosen by the immediate.</summary>
internal readonly struct Pshufw : IMmxOp
{
    public static ulong Apply(ulong a, ulong b, int imm)
    {
        ulong result = 0;
        for (int i = 0; i < 4; i++) result |= (ulong)(ushort)(b >> (imm >> (2 * i) & 3) * 16) << (16 * i);
        return result;
    }
}

/// <summary>PALIGNR on eight bytes: bytes imm to imm + 7 of destination:source.</summary>
internal readonly struct PalignrMmx : IMmxOp
{
    public static ulong Apply(ulong a, ulong b, int imm) => imm switch
    {
        0 => b,
        < 8 => b >> (8 * imm) | a << (64 - 8 * imm),
        < 16 => a >> (8 * (imm - 8)),
        _ => 0,
    };
}

// Shifts by one count: SDM vol. 1, 5.4.6 and 5.6.3. A count beyond the element gives zeroes, or copies of the sign.

internal readonly struct Psllw : IVectorShift
{
    public static V Apply(V a, ulong count) => count < 16 ? Vector128.ShiftLeft(a.AsUInt16(), (int)count).AsByte()
        : V.Zero;
}

internal readonly struct Psrlw : IVectorShift
{
    public static V Apply(V a, ulong count) =>
        count < 16 ? Vector128.ShiftRightLogical(a.AsUInt16(), (int)count).AsByte() : V.Zero;
}

internal readonly struct Pslld : IVectorShift
{
    public static V Apply(V a, ulong count) => count < 32 ? Vector128.ShiftLeft(a.AsUInt32(), (int)count).AsByte()
        : V.Zero;
}

internal readonly struct Psrld : IVectorShift
{
    public static V Apply(V a, ulong count) =>
        count < 32 ? Vector128.ShiftRightLogical(a.AsUInt32(), (int)count).AsByte() : V.Zero;
}

internal readonly struct Psllq : IVectorShift
{
    public static V Apply(V a, ulong count) => count < 64 ? Vector128.ShiftLeft(a.AsUInt64(), (int)count).AsByte()
        : V.Zero;
}

internal readonly struct Psrlq : IVectorShift
{
    public static V Apply(V a, ulong count) =>
        count < 64 ? Vector128.ShiftRightLogical(a.AsUInt64(), (int)count).AsByte() : V.Zero;
}

internal readonly struct Psraw : IVectorShift
{
    public static V Apply(V a, ulong count) =>
        Vector128.ShiftRightArithmetic(a.AsInt16(), (int)Math.Min(count, 15)).AsByte();
}

internal readonly struct Psrad : IVectorShift
{
    public static V Apply(V a, ulong count) =>
        Vector128.ShiftRightArithmetic(a.AsInt32(), (int)Math.Min(count, 31)).AsByte();
}

// Shifts by a vector of counts: SDM vol. 1, 5.14.

internal readonly struct Vpsllvd : IVectorOp
{
    public static V Apply(V a, V b) => Avx2.IsSupported
        ? Avx2.ShiftLeftLogicalVariable(a.AsUInt32(), b.AsUInt32()).AsByte()
        : Vector128.Create(Each(a, b, 0), Each(a, b, 1), Each(a, b, 2), Each(a, b, 3)).AsByte();

    private static uint Each(V a, V b, int i) =>
        b.AsUInt32().GetElement(i) < 32 ? a.AsUInt32().GetElement(i) << (int)b.AsUInt32().GetElement(i) : 0;
}

internal readonly struct Vpsrlvd : IVectorOp
{
    public static V Apply(V a, V b) => Avx2.IsSupported
        ? Avx2.ShiftRightLogicalVariable(a.AsUInt32(), b.AsUInt32()).AsByte()
        : Vector128.Create(Each(a, b, 0), Each(a, b, 1), Each(a, b, 2), Each(a, b, 3)).AsByte();

    private static uint Each(V a, V b, int i) =>
        b.AsUInt32().GetElement(i) < 32 ? a.AsUInt32().GetElement(i) >> (int)b.AsUInt32().GetElement(i) : 0;
}

internal readonly struct Vpsravd : IVectorOp
{
    public static V Apply(V a, V b) => Avx2.IsSupported
        ? Avx2.ShiftRightArithmeticVariable(a.AsInt32(), b.AsUInt32()).AsByte()
        : Vector128.Create(Each(a, b, 0), Each(a, b, 1), Each(a, b, 2), Each(a, b, 3)).AsByte();

    private static int Each(V a, V b, int i) =>
        a.AsInt32().GetElement(i) >> (int)Math.Min(b.AsUInt32().GetElement(i), 31);
}

internal readonly struct Vpsllvq : IVectorOp
{
    public static V Apply(V a, V b) => Avx2.IsSupported
        ? Avx2.ShiftLeftLogicalVariable(a.AsUInt64(), b.AsUInt64()).AsByte()
        : Vector128.Create(Each(a, b, 0), Each(a, b, 1)).AsByte();

    private static ulong Each(V a, V b, int i) =>
        b.AsUInt64().GetElement(i) < 64 ? a.AsUInt64().GetElement(i) << (int)b.AsUInt64().GetElement(i) : 0;
}

internal readonly struct Vpsrlvq : IVectorOp
{
    public static V Apply(V a, V b) => Avx2.IsSupported
        ? Avx2.ShiftRightLogicalVariable(a.AsUInt64(), b.AsUInt64()).AsByte()
        : Vector128.Create(Each(a, b, 0), Each(a, b, 1)).AsByte();

    private static ulong Each(V a, V b, int i) =>
        b.AsUInt64().GetElement(i) < 64 ? a.AsUInt64().GetElement(i) >> (int)b.AsUInt64().GetElement(i) : 0;
}
