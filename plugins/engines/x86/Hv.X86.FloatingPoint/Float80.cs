namespace Hv.X86.FloatingPoint;

/// <summary>A double extended-precision value as the x87 registers hold it (SDM vol. 1, 8.2): an explicit integer bit, no hidden one.</summary>
/// <param name="Significand">64 bits, bit 63 the integer bit.</param>
/// <param name="SignExponent">Bit 15 the sign, bits 0–14 the biased exponent.</param>
public readonly record struct Float80(ulong Significand, ushort SignExponent)
{
    /// <summary>The exponent bias.</summary>
    public const int Bias = 16383;
    /// <summary>The exponent field of infinities and NaNs.</summary>
    public const int TopExponent = 0x7FFF;
    private const ulong IntegerBit = 1UL << 63;
    private const ulong QuietBit = 1UL << 62;

    /// <summary>+0.</summary>
    public static Float80 Zero => default;
    /// <summary>+1.</summary>
    public static Float80 One => new(IntegerBit, Bias);
    /// <summary>The QNaN floating-point indefinite.</summary>
    public static Float80 Indefinite => new(IntegerBit | QuietBit, 0xFFFF);

    /// <summary>The biased exponent.</summary>
    public int Exponent => SignExponent & TopExponent;
    /// <summary>The sign bit.</summary>
    public bool IsNegative => (SignExponent & 0x8000) != 0;
    /// <summary>A zero of either sign.</summary>
    public bool IsZero => Significand == 0 && Exponent == 0;
    /// <summary>A finite number with its integer bit, exponent field not zero.</summary>
    public bool IsNormal => Significand >= IntegerBit && (uint)(Exponent - 1) < TopExponent - 1;
    /// <summary>A denormal or pseudo-denormal.</summary>
    public bool IsDenormal => Exponent == 0 && Significand != 0;
    /// <summary>An infinity.</summary>
    public bool IsInfinity => Exponent == TopExponent && Significand == IntegerBit;
    /// <summary>A NaN with its integer bit.</summary>
    public bool IsNaN => Exponent == TopExponent && Significand > IntegerBit;
    /// <summary>A signalling NaN.</summary>
    public bool IsSignalling => IsNaN && (Significand & QuietBit) == 0;
    /// <summary>An unnormal, pseudo-infinity or pseudo-NaN: every operation on it is invalid (SDM vol. 1, table 8-3).</summary>
    public bool IsUnsupported => Exponent != 0 && Significand < IntegerBit;

    /// <summary>The same value with another sign.</summary>
    public Float80 WithSign(bool negative) => new(Significand, (ushort)(Exponent | (negative ? 0x8000 : 0)));
    /// <summary>The value with its sign changed (FCHS).</summary>
    public Float80 Negated => new(Significand, (ushort)(SignExponent ^ 0x8000));
    /// <summary>A NaN made quiet.</summary>
    public Float80 Quieted => new(Significand | QuietBit, SignExponent);

    /// <summary>±∞.</summary>
    public static Float80 Infinity(bool negative) => new(IntegerBit, (ushort)(negative ? 0xFFFF : 0x7FFF));
    /// <summary>±0.</summary>
    public static Float80 SignedZero(bool negative) => new(0, (ushort)(negative ? 0x8000 : 0));

    /// <summary>The number behind a finite encoding.</summary>
    internal Real ToReal() => Real.From(IsNegative, Significand, Math.Max(Exponent, 1) - Bias - 63);
}
