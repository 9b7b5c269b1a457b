using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hv.X86.Interpreter;

/// <summary>Vector registers by their byte offset in <see cref="Cpu"/>.</summary>
// SAFETY (whole class): offsets come from BlockBuilder.OffsetOf; 32 bytes lie there.
internal static unsafe class Xmm
{
    /// <summary>The low lane.</summary>
    [MethodImpl(Jit.Inline)]
    public static Vector128<byte> Low(Cpu* cpu, ushort offset) => Vector128.Load((byte*)cpu + offset);

    /// <summary>The high lane of a YMM register.</summary>
    [MethodImpl(Jit.Inline)]
    public static Vector128<byte> High(Cpu* cpu, ushort offset) => Vector128.Load((byte*)cpu + offset + 16);

    /// <summary>Writes the low lane and keeps the rest (legacy SSE).</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetLow(Cpu* cpu, ushort offset, Vector128<byte> value) => value.Store((byte*)cpu + offset);

    /// <summary>Writes the low lane and clears the rest (VEX.128).</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetOnly(Cpu* cpu, ushort offset, Vector128<byte> value)
    {
        value.Store((byte*)cpu + offset);
        Vector128<byte>.Zero.Store((byte*)cpu + offset + 16);
    }

    /// <summary>Writes the high lane.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetHigh(Cpu* cpu, ushort offset, Vector128<byte> value) => value.Store((byte*)cpu + offset + 16);

    /// <summary>Writes both lanes.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Set(Cpu* cpu, ushort offset, Vector128<byte> low, Vector128<byte> high)
    {
        low.Store((byte*)cpu + offset);
        high.Store((byte*)cpu + offset + 16);
    }
}
