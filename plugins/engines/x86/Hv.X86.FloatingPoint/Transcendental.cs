namespace Hv.X86.FloatingPoint;

/// <summary>Real arithmetic with 128 significant bits, good to a few units in the last of them, and the series over it.</summary>
internal static class Transcendental
{
    /// <summary>Marks a value as not exactly representable: its true continuation never ends.</summary>
    public static Real Inexact(in Real value)
        => new(value.Negative, value.Exponent, value.Significand | UInt128.One);

    /// <summary>a · b for full significands.</summary>
    public static Real Multiply(in Real a, in Real b)
        => a.IsZero || b.IsZero
            ? new Real(a.Negative != b.Negative, 0, UInt128.Zero)
            : Real.Normalize(a.Negative != b.Negative, a.Exponent + b.Exponent + 1, Wide.MultiplyHigh(a.Significand, b.Significand));

    /// <summary>a / b for full significands: a 64-bit quotient, and another one of what is left.</summary>
    public static Real Divide(in Real a, in Real b)
    {
        Real quotient = Leading(Real.Divide(a, b));
        Real rest = Real.Add(a, Multiply(quotient, b).Negated);
        return rest.IsZero ? quotient : Real.Add(quotient, Real.Divide(rest, b));
    }

    private static Real Leading(in Real value)
        => new(value.Negative, value.Exponent, new UInt128(value.High, 0));

    /// <summary>The magnitude of a value below 1 as a fixed-point number with 128 fraction bits.</summary>
    public static UInt128 ToFixed(in Real value)
        => value.Exponent < -128 ? UInt128.Zero : value.Significand >> (-1 - value.Exponent);

    /// <summary>From a fixed-point number with 127 fraction bits.</summary>
    public static Real FromFixed(UInt128 value) => Real.Normalize(false, 0, value);

    /// <summary>c₀ − c₁z + c₂z² − … with z above 0 (if only below what fixed point holds) and below 1; the terms fall.</summary>
    public static UInt128 Alternating(ReadOnlySpan<UInt128> coefficients, UInt128 z)
    {
        UInt128 sum = coefficients[^1];
        for (int term = coefficients.Length - 2; term >= 0; term--)
        {
            sum = coefficients[term] - Wide.MultiplyHigh(sum, z);
        }
        // Never c₀ itself: directed rounding must see that the sum is less.
        return sum == coefficients[0] ? sum - 1 : sum;
    }

    /// <summary>c₀ + c₁z + c₂z² + … with z below 1; the sum stays below 2.</summary>
    public static UInt128 Positive(ReadOnlySpan<UInt128> coefficients, UInt128 z)
    {
        UInt128 sum = coefficients[^1];
        for (int term = coefficients.Length - 2; term >= 0; term--)
        {
            sum = coefficients[term] + Wide.MultiplyHigh(sum, z);
        }
        return sum;
    }

    /// <summary>The angle of (x, y) in 0 to π, y positive, neither zero.</summary>
    public static Real ArcTangent(in Real y, in Real x)
    {
        Real abscissa = x.Abs;
        bool steep = y.Exponent > abscissa.Exponent
            || (y.Exponent == abscissa.Exponent && y.Significand > abscissa.Significand);
        Real angle = steep ? ArcTangentOfRatio(abscissa, y) : ArcTangentOfRatio(y, abscissa);
        Real pi = TranscendentalTables.Pi;
        if (steep)
        {
            // π/2 ± the angle from the other axis.
            return Real.Add(pi.Scaled(-1), x.Negative ? angle : angle.Negated);
        }
        return x.Negative ? Real.Add(pi, angle.Negated) : angle;
    }

    /// <summary>atan(a / b) for 0 &lt; a ≤ b. With c = k/16 nearest to a/b: atan(c) + atan((a − cb)/(b + ca)).</summary>
    private static Real ArcTangentOfRatio(in Real a, in Real b)
    {
        Real ratio = Real.Divide(a, b);
        // 60 fraction bits; 56 of them are left below a sixteenth.
        int index = ratio.Exponent < -6 ? 0 : (int)(((ratio.High >> (3 - ratio.Exponent)) + (1UL << 55)) >> 56);
        Real rest;
        if (index == 0)
        {
            rest = Divide(a, b);
        }
        else
        {
            Real c = Real.From(false, (ulong)index, -4);
            rest = Divide(
                Real.Add(a, Real.Multiply(c, b).Negated),
                Real.Add(b, Real.Multiply(c, a)));
        }
        UInt128 series = Alternating(TranscendentalTables.OddReciprocals, ToFixed(Multiply(rest, rest)));
        Real small = Multiply(rest, FromFixed(series));
        return index == 0 ? small : Real.Add(FromFixed(TranscendentalTables.ArcTangents[index]), small);
    }

    /// <summary>log₂ of a positive number other than 1: 2^k · m with m within √½ and √2.</summary>
    public static Real Logarithm2(in Real value)
    {
        const ulong rootOfTwo = 0xB504_F333_F9DE_6484;
        int power = value.Exponent + (value.High > rootOfTwo ? 1 : 0);
        Real m = value.Scaled(-power);
        Real one = Real.From(false, 1, 0);
        Real difference = Real.Add(m, one.Negated);
        Real whole = Real.From(power < 0, (ulong)Math.Abs(power), 0);
        return difference.IsZero
            ? whole
            : Real.Add(whole, Logarithm2OfRatio(Divide(difference, Real.Add(m, one))));
    }

    /// <summary>log₂((1 + s) / (1 − s)) = 2 atanh(s) · log₂ e.</summary>
    public static Real Logarithm2OfRatio(in Real s)
    {
        UInt128 series = Positive(TranscendentalTables.OddReciprocals, ToFixed(Multiply(s, s)));
        return Multiply(Multiply(s, FromFixed(series)), TranscendentalTables.Log2E).Scaled(1);
    }
}
