using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>Operands of 8, 16, 32 and 64 bits, carried in a <see cref="ulong"/> with zeroes above. T is byte, ushort,
/// uint or ulong and all decisions on it fold away.</summary>
internal static unsafe class Int
{
    /// <summary>Width in bits.</summary>
    [MethodImpl(Jit.Inline)]
    public static int Bits<T>() where T : unmanaged => sizeof(T) * 8;

    /// <summary>All ones in the width.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Mask<T>() where T : unmanaged => ulong.MaxValue >> (64 - sizeof(T) * 8);

    /// <summary>Cuts to the width.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Zext<T>(ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? (byte)value : sizeof(T) == 2 ? (ushort)value : sizeof(T) == 4 ? (uint)value : value;

    /// <summary>Sign-extends from the width.</summary>
    [MethodImpl(Jit.Inline)]
    public static long Sext<T>(ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? (sbyte)value : sizeof(T) == 2 ? (short)value : sizeof(T) == 4 ? (int)value : (long)value;

    /// <summary>The most significant bit, as 0 or 1.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Msb<T>(ulong value) where T : unmanaged => (value >> (sizeof(T) * 8 - 1)) & 1;

    /// <summary>A value of type T as a zero-extended number.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong From<T>(T value) where T : unmanaged =>
        sizeof(T) == 1 ? Unsafe.BitCast<T, byte>(value) : sizeof(T) == 2 ? Unsafe.BitCast<T, ushort>(value)
        : sizeof(T) == 4 ? Unsafe.BitCast<T, uint>(value) : Unsafe.BitCast<T, ulong>(value);

    /// <summary>Loads from host memory, zero-extended.</summary>
    // SAFETY: the caller vouches for sizeof(T) readable bytes.
    [MethodImpl(Jit.Inline)]
    public static ulong Load<T>(byte* from) where T : unmanaged =>
        sizeof(T) == 1 ? *from : sizeof(T) == 2 ? *(ushort*)from : sizeof(T) == 4 ? *(uint*)from : *(ulong*)from;

    /// <summary>Stores to host memory.</summary>
    // SAFETY: the caller vouches for sizeof(T) writable bytes.
    [MethodImpl(Jit.Inline)]
    public static void Store<T>(byte* to, ulong value) where T : unmanaged
    {
        if (sizeof(T) == 1) *to = (byte)value;
        else if (sizeof(T) == 2) *(ushort*)to = (ushort)value;
        else if (sizeof(T) == 4) *(uint*)to = (uint)value;
        else *(ulong*)to = value;
    }

    /// <summary>Reads the general-purpose register at a byte offset (AH–BH are offsets 1, 9, 17, 25),
    /// zero-extended.</summary>
    // SAFETY: offsets in Op records are made by BlockBuilder and lie inside Cpu.
    [MethodImpl(Jit.Inline)]
    public static ulong Reg<T>(Cpu* cpu, ushort offset) where T : unmanaged => Load<T>((byte*)cpu + offset);

    /// <summary>Writes the general-purpose register at a byte offset. 32-bit writes clear the upper half, smaller ones
    /// keep the rest.</summary>
    // SAFETY: as Reg.
    [MethodImpl(Jit.Inline)]
    public static void SetReg<T>(Cpu* cpu, ushort offset, ulong value) where T : unmanaged
    {
        if (sizeof(T) == 4) *(ulong*)((byte*)cpu + offset) = (uint)value;
        else Store<T>((byte*)cpu + offset, value);
    }
}
