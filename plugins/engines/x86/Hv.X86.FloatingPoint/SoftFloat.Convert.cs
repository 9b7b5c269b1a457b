namespace Hv.X86.FloatingPoint;

public static partial class SoftFloat<T>
{
    /// <summary>COMISS (<paramref name="signalling"/>), UCOMISS and the comparison inside CMPPS.</summary>
    public static FpRelation Compare(ulong a, ulong b, bool signalling, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a) || Format<T>.IsNaN(b))
        {
            if (signalling || Format<T>.IsSignalling(a) || Format<T>.IsSignalling(b))
            {
                raised |= FpExceptions.Invalid;
            }
            return FpRelation.Unordered;
        }
        a = TakeOperand(a, control, ref raised);
        b = TakeOperand(b, control, ref raised);
        long left = Ordered(a);
        long right = Ordered(b);
        return left < right ? FpRelation.Less : left > right ? FpRelation.Greater : FpRelation.Equal;
    }

    /// <summary>A number that orders as the value does; both zeros are 0.</summary>
    private static long Ordered(ulong value)
    {
        long magnitude = (long)Format<T>.Magnitude(value);
        return Format<T>.IsNegative(value) ? -magnitude : magnitude;
    }

    /// <summary>ROUNDPS and its kin: the nearest integral value in this format. PE is raised unless
    /// <paramref name="suppressPrecision"/>; DE never is (SDM vol. 2B, ROUNDPD).</summary>
    public static ulong RoundToIntegral(
        ulong a, FpRounding rounding, bool suppressPrecision, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a))
        {
            return PropagateNaN(a, a, ref raised);
        }
        if (control.DenormalsAreZero && Format<T>.IsDenormal(a))
        {
            return a & Format<T>.Sign;
        }
        int exponent = (int)(Format<T>.Magnitude(a) >> T.FractionBits) - Format<T>.Bias;
        if (exponent >= T.FractionBits || Format<T>.IsZero(a))
        {
            return a;
        }
        Real value = Unpack(a);
        ulong integer = Integer(value, rounding, out bool inexact);
        if (inexact && !suppressPrecision)
        {
            raised |= FpExceptions.Precision;
        }
        if (integer == 0)
        {
            return a & Format<T>.Sign;
        }
        FpExceptions none = FpExceptions.None;
        return Round(Real.From(value.Negative, integer, 0), control, ref none);
    }

    /// <summary>The magnitude of the integer nearest to a value below 2^64.</summary>
    private static ulong Integer(in Real value, FpRounding rounding, out bool inexact)
    {
        UInt128 whole = UInt128.Zero;
        UInt128 rest = value.Significand;
        if (value.Exponent >= 0)
        {
            whole = value.Significand >> (127 - value.Exponent);
            rest = value.Significand << (value.Exponent + 1);
        }
        else
        {
            rest = Real.ShiftRightSticky(rest, -1 - value.Exponent);
        }
        inexact = rest != UInt128.Zero;
        ulong magnitude = (ulong)whole;
        return Real.RoundsAway(rounding, value.Negative, (magnitude & 1) != 0, rest) ? magnitude + 1 : magnitude;
    }

    /// <summary>CVTSS2SI and its kin: a signed integer of 32 or 64 bits, or the integer indefinite and IE when it does not fit
    /// (SDM vol. 1, 4.9.1.1). DE is not raised.</summary>
    /// <param name="a">The value.</param>
    /// <param name="bits">32 or 64.</param>
    /// <param name="rounding">MXCSR.RC, or <see cref="FpRounding.Zero"/> for the truncating forms.</param>
    /// <param name="control">MXCSR.</param>
    /// <param name="raised">Takes the exceptions.</param>
    public static long ToInteger(ulong a, int bits, FpRounding rounding, Mxcsr control, ref FpExceptions raised)
    {
        long indefinite = bits == 32 ? int.MinValue : long.MinValue;
        if (Format<T>.Magnitude(a) >= Format<T>.Infinity)
        {
            raised |= FpExceptions.Invalid;
            return indefinite;
        }
        if (Format<T>.IsZero(a) || (control.DenormalsAreZero && Format<T>.IsDenormal(a)))
        {
            return 0;
        }
        Real value = Unpack(a);
        if (value.Exponent >= bits)
        {
            raised |= FpExceptions.Invalid;
            return indefinite;
        }
        ulong magnitude = Integer(value, rounding, out bool inexact);
        ulong limit = (1UL << (bits - 1)) - (value.Negative ? 0UL : 1UL);
        if (magnitude > limit)
        {
            raised |= FpExceptions.Invalid;
            return indefinite;
        }
        raised |= inexact ? FpExceptions.Precision : FpExceptions.None;
        return value.Negative ? -(long)magnitude : (long)magnitude;
    }

    /// <summary>CVTSI2SS and its kin.</summary>
    public static ulong FromInteger(long a, Mxcsr control, ref FpExceptions raised)
        => a == 0 ? 0 : Round(Real.From(a < 0, a < 0 ? 0UL - (ulong)a : (ulong)a, 0), control, ref raised);

    /// <summary>CVTSS2SD, CVTSD2SS, VCVTPH2PS, VCVTPS2PH: to another format. A NaN keeps the high bits of its payload.</summary>
    public static ulong ConvertTo<TTarget>(ulong a, Mxcsr control, ref FpExceptions raised)
        where TTarget : struct, IBinaryFormat
    {
        bool negative = Format<T>.IsNegative(a);
        ulong sign = negative ? Format<TTarget>.Sign : 0;
        if (Format<T>.IsNaN(a))
        {
            raised |= Format<T>.IsSignalling(a) ? FpExceptions.Invalid : FpExceptions.None;
            ulong payload = (a & Format<T>.Fraction) << (63 - T.FractionBits) >> (63 - TTarget.FractionBits);
            return sign | Format<TTarget>.Infinity | Format<TTarget>.Quiet | payload;
        }
        a = TakeOperand(a, control, ref raised);
        if (Format<T>.IsInfinity(a) || Format<T>.IsZero(a))
        {
            return sign | (Format<T>.IsZero(a) ? 0 : Format<TTarget>.Infinity);
        }
        return SoftFloat<TTarget>.Round(Unpack(a), control, ref raised);
    }
}
