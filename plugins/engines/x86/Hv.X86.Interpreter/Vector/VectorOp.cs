using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hv.X86.Interpreter;

/// <summary>What an instruction does to one 128-bit lane: destination (or first source) and source. Instructions on one
/// source ignore
/// <c>a</c>. All 256-bit forms in this family work on two independent lanes (SDM vol. 1, 14.3.1); those that do not
/// have handlers of their own.</summary>
internal interface IVectorOp
{
    static abstract Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b);
}

/// <summary>As <see cref="IVectorOp"/>, with an 8-bit immediate.</summary>
internal interface IVectorImmOp
{
    static abstract Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, int imm);
}

/// <summary>A shift of all elements by one count, which may be anything.</summary>
internal interface IVectorShift
{
    static abstract Vector128<byte> Apply(Vector128<byte> a, ulong count);
}

/// <summary>What an instruction does to 64-bit MMX registers.</summary>
internal interface IMmxOp
{
    static abstract ulong Apply(ulong a, ulong b, int imm);
}

/// <summary>An operation that has no immediate.</summary>
internal readonly struct Plain<T> : IVectorImmOp where T : struct, IVectorOp
{
    [MethodImpl(Jit.Inline)]
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, int imm) => T.Apply(a, b);
}

/// <summary>A shift by the low 64 bits of the source.</summary>
internal readonly struct ShiftBySource<T> : IVectorImmOp where T : struct, IVectorShift
{
    [MethodImpl(Jit.Inline)]
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, int imm) =>
        T.Apply(a, b.AsUInt64().ToScalar());
}

/// <summary>A shift by the immediate.</summary>
internal readonly struct ShiftByImmediate<T> : IVectorImmOp where T : struct, IVectorShift
{
    [MethodImpl(Jit.Inline)]
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, int imm) => T.Apply(a, (ulong)imm);
}

/// <summary>The MMX form of an operation on elements: the low half of what the XMM form does.</summary>
internal readonly struct MmxLow<T> : IMmxOp where T : struct, IVectorImmOp
{
    [MethodImpl(Jit.Inline)]
    public static ulong Apply(ulong a, ulong b, int imm) =>
        T.Apply(Vector128.CreateScalar(a).AsByte(), Vector128.CreateScalar(b).AsByte(), imm).AsUInt64().ToScalar();
}

/// <summary>The MMX form of an operation that puts results from the destination below those from the source (packs,
/// horizontal sums).</summary>
internal readonly struct MmxPair<T> : IMmxOp where T : struct, IVectorOp
{
    [MethodImpl(Jit.Inline)]
    public static ulong Apply(ulong a, ulong b, int imm)
    {
        Vector128<byte> both = Vector128.Create(a, b).AsByte();
        return T.Apply(both, both).AsUInt64().ToScalar();
    }
}

/// <summary>The MMX form of an interleave of high halves: the high half of the XMM interleave of low halves.</summary>
internal readonly struct MmxUnpackHigh<T> : IMmxOp where T : struct, IVectorOp
{
    [MethodImpl(Jit.Inline)]
    public static ulong Apply(ulong a, ulong b, int imm) =>
        T.Apply(Vector128.CreateScalar(a).AsByte(), Vector128.CreateScalar(b).AsByte()).AsUInt64().GetElement(1);
}
