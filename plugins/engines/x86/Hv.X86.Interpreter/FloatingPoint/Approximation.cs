using System.Runtime.CompilerServices;
using static System.BitConverter;

namespace Hv.X86.Interpreter;

/// <summary>RCPPS and RSQRTPS. Processors differ in their approximations (SDM vol. 2B bounds the relative error by 1.5 · 2^-12); ours has
/// one value on every host: the exact result to nearest in binary32 with the low 11 fraction bits cut off, an error below 2^-12. No
/// exception is raised, MXCSR is not looked at, denormals count as zero.</summary>
internal static class Approximation
{
    private const uint Sign = 0x8000_0000, Infinity = 0x7F80_0000, MinNormal = 0x0080_0000, Quiet = 0x0040_0000, Indefinite = 0xFFC0_0000;
    private const uint Kept = 0xFFFF_F800;

    /// <summary>1 / a.</summary>
    [MethodImpl(Jit.Cold)]
    public static uint Reciprocal(uint a)
    {
        uint sign = a & Sign;
        uint magnitude = a & ~Sign;
        if (magnitude > Infinity) return a | Quiet;
        if (magnitude < MinNormal) return sign | Infinity;
        // The double quotient is far more exact than needed; its rounding cannot reach the bits that are kept differently on another host.
        float r = (float)(1.0 / UInt32BitsToSingle(a));
        uint bits = SingleToUInt32Bits(r) & Kept;
        // Results that would be denormal are zero (SDM vol. 2B, RCPPS).
        return (bits & ~Sign) < MinNormal ? sign : bits;
    }

    /// <summary>1 / √a.</summary>
    [MethodImpl(Jit.Cold)]
    public static uint ReciprocalSquareRoot(uint a)
    {
        uint sign = a & Sign;
        uint magnitude = a & ~Sign;
        if (magnitude > Infinity) return a | Quiet;
        if (magnitude < MinNormal) return sign | Infinity;
        if (sign != 0) return Indefinite;
        if (magnitude == Infinity) return 0;
        return SingleToUInt32Bits((float)(1.0 / Math.Sqrt(UInt32BitsToSingle(a)))) & Kept;
    }
}
