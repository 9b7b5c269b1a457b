namespace Hv.X86.FloatingPoint;

public static partial class X87
{
    private const ushort C0 = 0x0100, C1 = 0x0200, C2 = 0x0400, C3 = 0x4000;

    /// <summary>FPREM (quotient truncated) and FPREM1 (<paramref name="toNearest"/>): one step of the exact remainder of a / b.</summary>
    /// <param name="a">ST(0).</param>
    /// <param name="b">ST(1).</param>
    /// <param name="toNearest">FPREM1.</param>
    /// <param name="control">The control word.</param>
    /// <param name="raised">Takes the exceptions.</param>
    /// <param name="conditions">C2 when the reduction is incomplete, otherwise quotient bits 2, 1, 0 in C0, C3, C1; negative when there is
    /// no remainder, and only C2 is cleared.</param>
    public static Float80 Remainder(
        Float80 a, Float80 b, bool toNearest, X87Control control, ref FpExceptions raised, out int conditions)
    {
        conditions = -1;
        if (IsSpecial(a, b, ref raised, out Float80 special))
        {
            return special;
        }
        if (a.IsInfinity || b.IsZero)
        {
            return Invalid(ref raised);
        }
        conditions = 0;
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsZero)
        {
            return a;
        }
        Real dividend = a.ToReal();
        if (b.IsInfinity)
        {
            return RoundExact(dividend, control, ref raised);
        }
        Real divisor = b.ToReal();
        int distance = dividend.Exponent - divisor.Exponent;
        if (distance < (toNearest ? -1 : 0))
        {
            return RoundExact(dividend, control, ref raised);
        }
        if (distance >= 64)
        {
            // SDM vol. 2A, FPREM: an implementation-dependent step N of 32 to 63 bits.
            int step = 32 + (distance & 31);
            conditions = C2;
            ulong partial = Reduce(dividend.High, divisor.High, step, out _);
            return RoundExact(Real.From(a.IsNegative, partial, divisor.Exponent + distance - step - 63), control, ref raised);
        }

        ulong quotient = 0;
        ulong rest = dividend.High;
        int unit = divisor.Exponent - 63;
        if (distance >= 0)
        {
            rest = Reduce(dividend.High, divisor.High, distance, out quotient);
        }
        bool negative = a.IsNegative;
        if (toNearest)
        {
            negative ^= ToNearest(ref rest, ref quotient, ref unit, divisor.High, distance);
        }
        conditions = ((quotient & 4) != 0 ? C0 : 0) | ((quotient & 2) != 0 ? C3 : 0) | ((quotient & 1) != 0 ? C1 : 0);
        return rest == 0
            ? Float80.SignedZero(a.IsNegative)
            : RoundExact(Real.From(negative, rest, unit), control, ref raised);
    }

    /// <summary>Remainder of dividend · 2^<paramref name="shift"/> by the divisor, both with bit 63 set, shift below 64.</summary>
    private static ulong Reduce(ulong dividend, ulong divisor, int shift, out ulong quotient)
    {
        ulong high = shift == 0 ? 0 : dividend >> (64 - shift);
        quotient = Wide.Divide(high, dividend << shift, divisor, out ulong remainder);
        return remainder;
    }

    /// <summary>Takes the divisor away once more if that is nearer (ties to an even quotient); true when the sign changes.</summary>
    private static bool ToNearest(ref ulong rest, ref ulong quotient, ref int unit, ulong divisor, int distance)
    {
        // With distance −1 the dividend is below the divisor by one binary place: count in half units.
        UInt128 doubled = distance < 0 ? rest : (UInt128)rest << 1;
        if (doubled < divisor || (doubled == divisor && (quotient & 1) == 0))
        {
            unit -= distance < 0 ? 1 : 0;
            return false;
        }
        quotient++;
        if (distance < 0)
        {
            rest = (ulong)(((UInt128)divisor << 1) - rest);
            unit--;
        }
        else
        {
            rest = divisor - rest;
        }
        return true;
    }

    /// <summary>An exact result: it may be denormal, but no rounding happens.</summary>
    private static Float80 RoundExact(in Real value, X87Control control, ref FpExceptions raised)
        => value.IsZero ? Float80.SignedZero(value.Negative) : Round(value, 64, control, ref raised);

    /// <summary>FSCALE: a · 2^trunc(b) (SDM vol. 2A, table 3-40).</summary>
    public static Float80 Scale(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, b, ref raised, out Float80 special))
        {
            return special;
        }
        if (b.IsInfinity)
        {
            if (b.IsNegative ? a.IsInfinity : a.IsZero)
            {
                return Invalid(ref raised);
            }
            NoteDenormal(a, ref raised);
            return b.IsNegative ? Float80.SignedZero(a.IsNegative) : Float80.Infinity(a.IsNegative);
        }
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsZero || a.IsInfinity)
        {
            return a;
        }
        FpExceptions none = FpExceptions.None;
        int magnitude = b.Exponent >= Float80.Bias + 17 ? 1 << 17
            : b.IsZero ? 0
            : (int)Integral(b.ToReal(), FpRounding.Zero, ref none);
        return Round(a.ToReal().Scaled(b.IsNegative ? -magnitude : magnitude), 64, control, ref raised);
    }

    /// <summary>FXTRACT: the exponent as a value, and the significand with the exponent 0.</summary>
    public static Float80 Extract(Float80 a, ref FpExceptions raised, out Float80 significand)
    {
        if (IsSpecial(a, ref raised, out significand))
        {
            return significand;
        }
        significand = a;
        if (a.IsInfinity)
        {
            return Float80.Infinity(false);
        }
        if (a.IsZero)
        {
            raised |= FpExceptions.ZeroDivide;
            return Float80.Infinity(true);
        }
        NoteDenormal(a, ref raised);
        Real value = a.ToReal();
        significand = Make(a.IsNegative, Float80.Bias, value.High);
        return FromInteger(value.Exponent);
    }
}
