namespace Hv.X86.FloatingPoint;

/// <summary>An IEEE 754 interchange format of at most 64 bits. Values travel as raw bits in the low end of a <see cref="ulong"/>.</summary>
public interface IBinaryFormat
{
    /// <summary>Bits of the stored fraction.</summary>
    static abstract int FractionBits { get; }
    /// <summary>Bits of the biased exponent.</summary>
    static abstract int ExponentBits { get; }
}

/// <summary>binary16 (F16C).</summary>
public readonly struct Binary16 : IBinaryFormat
{
    /// <inheritdoc/>
    public static int FractionBits => 10;
    /// <inheritdoc/>
    public static int ExponentBits => 5;
}

/// <summary>binary32, "single precision".</summary>
public readonly struct Binary32 : IBinaryFormat
{
    /// <inheritdoc/>
    public static int FractionBits => 23;
    /// <inheritdoc/>
    public static int ExponentBits => 8;
}

/// <summary>binary64, "double precision".</summary>
public readonly struct Binary64 : IBinaryFormat
{
    /// <inheritdoc/>
    public static int FractionBits => 52;
    /// <inheritdoc/>
    public static int ExponentBits => 11;
}

/// <summary>Masks and classes of format <typeparamref name="T"/>; constants once the JIT has specialised them.</summary>
public static class Format<T> where T : struct, IBinaryFormat
{
    /// <summary>The sign bit.</summary>
    public static ulong Sign => 1UL << (T.FractionBits + T.ExponentBits);
    /// <summary>The fraction field.</summary>
    public static ulong Fraction => (1UL << T.FractionBits) - 1;
    /// <summary>+∞: also the exponent field.</summary>
    public static ulong Infinity => ((1UL << T.ExponentBits) - 1) << T.FractionBits;
    /// <summary>The bit that makes a NaN quiet.</summary>
    public static ulong Quiet => 1UL << (T.FractionBits - 1);
    /// <summary>The QNaN floating-point indefinite (SDM vol. 1, table 4-3).</summary>
    public static ulong Indefinite => Sign | Infinity | Quiet;
    /// <summary>The least normal number.</summary>
    public static ulong MinNormal => 1UL << T.FractionBits;
    /// <summary>Exponent bias.</summary>
    public static int Bias => (1 << (T.ExponentBits - 1)) - 1;

    /// <summary>The magnitude: bits without the sign.</summary>
    public static ulong Magnitude(ulong value) => value & (Sign - 1);
    /// <summary>Whether it is a NaN of either kind.</summary>
    public static bool IsNaN(ulong value) => Magnitude(value) > Infinity;
    /// <summary>Whether it is a signalling NaN.</summary>
    public static bool IsSignalling(ulong value) => IsNaN(value) && (value & Quiet) == 0;
    /// <summary>Whether it is ±∞.</summary>
    public static bool IsInfinity(ulong value) => Magnitude(value) == Infinity;
    /// <summary>Whether it is ±0.</summary>
    public static bool IsZero(ulong value) => Magnitude(value) == 0;
    /// <summary>Whether it is a denormal (not zero).</summary>
    public static bool IsDenormal(ulong value) => Magnitude(value) - 1 < MinNormal - 1;
    /// <summary>Whether the sign bit is set.</summary>
    public static bool IsNegative(ulong value) => (value & Sign) != 0;
}
