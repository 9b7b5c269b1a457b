namespace Hv.X86.FloatingPoint;

/// <remarks>The transcendental instructions (SDM vol. 1, 8.3.7–8.3.11) are computed with about 120 significant bits and rounded once, so
/// results are within half a unit and a hair of the last place; processors differ from each other by up to one unit. This is the one
/// canonical result of every engine that asks for determinism. Precision control does not apply to them.</remarks>
public static partial class X87
{
    /// <summary>Which reduced functions a trigonometric instruction wants.</summary>
    private enum Trigonometric
    {
        Sine,
        Cosine,
        Tangent,
    }

    /// <summary>FSIN. False: |a| ≥ 2^63, C2 is set and nothing else changes.</summary>
    public static bool Sine(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result)
        => Trigonometry(a, Trigonometric.Sine, control, ref raised, out result);

    /// <summary>FCOS. False: |a| ≥ 2^63, C2 is set and nothing else changes.</summary>
    public static bool Cosine(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result)
        => Trigonometry(a, Trigonometric.Cosine, control, ref raised, out result);

    /// <summary>FPTAN, without the 1.0 that it pushes. False: |a| ≥ 2^63, C2 is set and nothing else changes.</summary>
    public static bool Tangent(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result)
        => Trigonometry(a, Trigonometric.Tangent, control, ref raised, out result);

    private static bool Trigonometry(
        Float80 a, Trigonometric function, X87Control control, ref FpExceptions raised, out Float80 result)
    {
        if (IsSpecial(a, ref raised, out result))
        {
            return true;
        }
        if (a.IsInfinity)
        {
            result = Invalid(ref raised);
            return true;
        }
        result = a;
        if (a.Exponent >= Float80.Bias + 63)
        {
            return false;
        }
        if (a.IsZero)
        {
            result = function == Trigonometric.Cosine ? Float80.One : a;
            return true;
        }
        NoteDenormal(a, ref raised);
        Real reduced = ReduceAngle(a.ToReal().Abs, out int quadrant);
        Real value = function switch
        {
            Trigonometric.Sine => SineOf(reduced, quadrant),
            Trigonometric.Cosine => SineOf(reduced, quadrant + 1),
            _ => Transcendental.Divide(SineOf(reduced, quadrant), SineOf(reduced, quadrant + 1)),
        };
        bool negative = value.Negative ^ (a.IsNegative && function != Trigonometric.Cosine);
        result = Round(Transcendental.Inexact(value).WithSign(negative), 64, control, ref raised);
        return true;
    }

    /// <summary>Subtracts multiples of π/2, exactly, with the 66-bit π of the processors (SDM vol. 1, 8.3.8).</summary>
    private static Real ReduceAngle(in Real angle, out int quadrant)
    {
        // π/2 in units of 2^-65. An angle of at least 1/2 is a whole number of units that fits 128 bits.
        UInt128 halfPi = new(0x3, 0x243F_6A88_85A3_08D3);
        quadrant = 0;
        if (angle.Exponent < -1)
        {
            return angle;
        }
        UInt128 units = (UInt128)angle.High << (angle.Exponent + 2);
        (UInt128 quotient, UInt128 rest) = UInt128.DivRem(units, halfPi);
        quadrant = (int)((ulong)quotient & 3);
        bool beyond = rest << 1 > halfPi;
        if (beyond)
        {
            rest = halfPi - rest;
            quadrant++;
        }
        return Real.Normalize(beyond, 127 - 65, rest);
    }

    /// <summary>sin(r + quadrant · π/2) for |r| ≤ π/4.</summary>
    private static Real SineOf(in Real r, int quadrant)
    {
        UInt128 square = Transcendental.ToFixed(Transcendental.Multiply(r, r));
        Real value = (quadrant & 1) != 0
            ? Transcendental.FromFixed(Transcendental.Alternating(TranscendentalTables.Cosine, square))
            : Transcendental.Multiply(
                r, Transcendental.FromFixed(Transcendental.Alternating(TranscendentalTables.Sine, square)));
        return (quadrant & 2) != 0 ? value.Negated : value;
    }

    /// <summary>FPATAN: the angle of the point (x, y), −π to π (SDM vol. 2A, table 3-30).</summary>
    public static Float80 ArcTangent(Float80 y, Float80 x, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(y, x, ref raised, out Float80 special))
        {
            return special;
        }
        NoteDenormal(y, ref raised);
        NoteDenormal(x, ref raised);
        Real pi = TranscendentalTables.Pi;
        Real angle;
        if (y.IsZero || (x.IsInfinity && !y.IsInfinity))
        {
            if (!x.IsNegative)
            {
                return Float80.SignedZero(y.IsNegative);
            }
            angle = pi;
        }
        else if (y.IsInfinity)
        {
            Real quarter = pi.Scaled(-2);
            angle = !x.IsInfinity ? pi.Scaled(-1) : x.IsNegative ? Real.Add(pi, quarter.Negated) : quarter;
        }
        else if (x.IsZero)
        {
            angle = pi.Scaled(-1);
        }
        else
        {
            angle = Transcendental.ArcTangent(y.ToReal().Abs, x.ToReal());
        }
        return Round(Transcendental.Inexact(angle).WithSign(y.IsNegative), 64, control, ref raised);
    }

    /// <summary>F2XM1: 2^a − 1. Outside −1 to 1 the manual leaves the result undefined: ours is the operand.</summary>
    public static Float80 ExponentialMinusOne(Float80 a, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, ref raised, out Float80 special))
        {
            return special;
        }
        if (a.IsInfinity)
        {
            return a.IsNegative ? Float80.One.Negated : a;
        }
        NoteDenormal(a, ref raised);
        if (a.IsZero)
        {
            return a;
        }
        if (a.Exponent >= Float80.Bias)
        {
            bool one = (a.Significand << 1) == 0 && a.Exponent == Float80.Bias;
            raised |= one ? FpExceptions.None : FpExceptions.Precision;
            return one && a.IsNegative ? Make(true, Float80.Bias - 1, 1UL << 63) : a;
        }
        Real y = Transcendental.Multiply(a.ToReal(), TranscendentalTables.Ln2);
        UInt128 argument = Transcendental.ToFixed(y);
        UInt128 series = y.Negative
            ? Transcendental.Alternating(TranscendentalTables.Exponential, argument)
            : Transcendental.Positive(TranscendentalTables.Exponential, argument);
        Real value = Transcendental.Multiply(y, Transcendental.FromFixed(series));
        return Round(Transcendental.Inexact(value), 64, control, ref raised);
    }

    /// <summary>FYL2X: y · log₂ x (SDM vol. 2A, table 3-48).</summary>
    public static Float80 Logarithm(Float80 y, Float80 x, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(y, x, ref raised, out Float80 special))
        {
            return special;
        }
        if (x.IsZero)
        {
            if (y.IsZero)
            {
                return Invalid(ref raised);
            }
            raised |= y.IsInfinity ? FpExceptions.None : FpExceptions.ZeroDivide;
            return Float80.Infinity(!y.IsNegative);
        }
        bool one = x == Float80.One;
        if (x.IsNegative || (one && y.IsInfinity) || (x.IsInfinity && y.IsZero))
        {
            return Invalid(ref raised);
        }
        NoteDenormal(y, ref raised);
        NoteDenormal(x, ref raised);
        bool below = x.Exponent < Float80.Bias;
        if (x.IsInfinity || y.IsInfinity)
        {
            return Float80.Infinity(y.IsNegative ^ below);
        }
        if (one || y.IsZero)
        {
            return Float80.SignedZero(y.IsNegative ^ below);
        }
        Real value = x.ToReal();
        bool power = (value.High << 1) == 0;
        Real logarithm = power
            ? Real.From(value.Exponent < 0, (ulong)Math.Abs(value.Exponent), 0)
            : Transcendental.Logarithm2(value);
        Real product = Transcendental.Multiply(y.ToReal(), logarithm);
        // Processors report the logarithm of a power of two as inexact, although it is not.
        raised |= FpExceptions.Precision;
        return Round(power ? product : Transcendental.Inexact(product), 64, control, ref raised);
    }

    /// <summary>FYL2XP1: y · log₂(x + 1). The manual defines it for |x| below 1 − √½; ours goes on above, and is
    /// the operand from −1 down, as on Zen.</summary>
    public static Float80 LogarithmPlusOne(Float80 y, Float80 x, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(y, x, ref raised, out Float80 special))
        {
            return special;
        }
        if ((x.IsZero && y.IsInfinity) || (x.IsInfinity && (y.IsZero || x.IsNegative)))
        {
            return Invalid(ref raised);
        }
        NoteDenormal(y, ref raised);
        NoteDenormal(x, ref raised);
        bool negative = y.IsNegative ^ x.IsNegative;
        if (x.IsInfinity || y.IsInfinity)
        {
            return Float80.Infinity(negative);
        }
        if (x.IsZero || y.IsZero)
        {
            return Float80.SignedZero(negative);
        }
        if (x.IsNegative && x.Exponent >= Float80.Bias)
        {
            raised |= FpExceptions.Precision;
            return x;
        }
        Real value = x.ToReal();
        Real one = Real.From(false, 1, 0);
        Real logarithm = value.Exponent >= -2
            ? Transcendental.Logarithm2(Real.Add(value, one))
            : Transcendental.Logarithm2OfRatio(
                Transcendental.Divide(value, Real.Add(value, Real.From(false, 2, 0))));
        return Round(Transcendental.Inexact(Transcendental.Multiply(y.ToReal(), logarithm)), 64, control, ref raised);
    }

    /// <summary>FLDPI, FLDL2E, FLDL2T, FLDLG2, FLDLN2: the constant, rounded as the control word asks (SDM vol. 2A, FLD1).</summary>
    public static Float80 Constant(X87Constant constant, X87Control control)
    {
        Real value = constant switch
        {
            X87Constant.Pi => TranscendentalTables.Pi,
            X87Constant.Log2E => TranscendentalTables.Log2E,
            X87Constant.Log2Ten => TranscendentalTables.Log2Ten,
            X87Constant.Log10Two => TranscendentalTables.Log10Two,
            _ => TranscendentalTables.Ln2,
        };
        FpExceptions none = FpExceptions.None;
        return Round(value, 64, control, ref none);
    }
}
