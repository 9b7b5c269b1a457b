namespace Hv.X86.FloatingPoint;

/// <summary>x87 arithmetic on values. Functions add what they raise to <c>raised</c>, C1 (<see cref="FpExceptions.RoundedUp"/>)
/// included, and return the masked response or, for an unmasked overflow or underflow, the result with its exponent brought back
/// into range (SDM vol. 1, 8.5.4 and 8.5.5). After an unmasked pre-computation exception the result must not be written and the
/// post-computation flags do not count: <see cref="Settle"/>. No state, no allocation.</summary>
public static partial class X87
{
    /// <summary>What is added to or taken from the exponent of a result whose overflow or underflow is unmasked.</summary>
    private const int BiasAdjustment = 24576;

    /// <summary>Reduces <paramref name="raised"/> to what an instruction reports and tells whether its result is written.</summary>
    public static bool Settle(X87Control control, ref FpExceptions raised)
    {
        if ((raised & ~control.Masked & FpExceptions.PreComputation) == 0)
        {
            return true;
        }
        // C1 tells stack overflow from underflow.
        raised &= FpExceptions.PreComputation | FpExceptions.StackFault
            | ((raised & FpExceptions.StackFault) != 0 ? FpExceptions.RoundedUp : FpExceptions.None);
        return false;
    }

    private static Float80 Invalid(ref FpExceptions raised)
    {
        raised |= FpExceptions.Invalid;
        return Float80.Indefinite;
    }

    /// <summary>Deals with an unsupported encoding or a NaN; true when <paramref name="result"/> is final.</summary>
    private static bool IsSpecial(Float80 a, ref FpExceptions raised, out Float80 result)
    {
        if (a.IsUnsupported)
        {
            result = Invalid(ref raised);
            return true;
        }
        result = a.Quieted;
        if (!a.IsNaN)
        {
            return false;
        }
        raised |= a.IsSignalling ? FpExceptions.Invalid : FpExceptions.None;
        return true;
    }

    /// <summary>Deals with unsupported encodings and NaNs among two operands (SDM vol. 1, table 4-7): a quiet NaN wins over a
    /// signalling one, otherwise the larger significand wins, then the positive one.</summary>
    private static bool IsSpecial(Float80 a, Float80 b, ref FpExceptions raised, out Float80 result)
    {
        if (a.IsUnsupported || b.IsUnsupported)
        {
            result = Invalid(ref raised);
            return true;
        }
        if (!a.IsNaN || !b.IsNaN)
        {
            return IsSpecial(b.IsNaN ? b : a, ref raised, out result);
        }
        if (a.IsSignalling || b.IsSignalling)
        {
            raised |= FpExceptions.Invalid;
        }
        if (a.IsSignalling != b.IsSignalling)
        {
            result = a.IsSignalling ? b : a;
            return true;
        }
        bool first = a.Significand > b.Significand || (a.Significand == b.Significand && !a.IsNegative);
        result = (first ? a : b).Quieted;
        return true;
    }

    private static void NoteDenormal(Float80 a, ref FpExceptions raised)
    {
        if (a.IsDenormal)
        {
            raised |= FpExceptions.Denormal;
        }
    }

    /// <summary>Rounds to <paramref name="precision"/> significand bits in the range of the registers.</summary>
    internal static Float80 Round(in Real value, int precision, X87Control control, ref FpExceptions raised)
    {
        int biased = value.Exponent + Float80.Bias;
        UInt128 significand = value.Significand;
        bool denormal = false;
        if (biased <= 0 && IsTiny(value, biased, precision, control))
        {
            if ((control.Masked & FpExceptions.Underflow) == 0)
            {
                raised |= FpExceptions.Underflow;
                biased += BiasAdjustment;
                if (biased <= 0)
                {
                    // Only FSCALE gets here: too small even for the adjusted range.
                    raised |= FpExceptions.Precision;
                    return Float80.SignedZero(value.Negative);
                }
            }
            else
            {
                significand = Real.ShiftRightSticky(significand, 1 - biased);
                biased = 0;
                denormal = true;
            }
        }

        UInt128 rest = significand << precision;
        UInt128 kept = significand >> (128 - precision);
        bool inexact = rest != UInt128.Zero;
        if (Real.RoundsAway(control.Rounding, value.Negative, (kept & UInt128.One) != UInt128.Zero, rest))
        {
            kept++;
            raised |= FpExceptions.RoundedUp;
        }
        if (inexact)
        {
            raised |= FpExceptions.Precision | (denormal ? FpExceptions.Underflow : FpExceptions.None);
        }
        UInt128 aligned = kept << (64 - precision);
        if (aligned >> 64 != UInt128.Zero)
        {
            aligned >>= 1;
            biased++;
        }
        if (denormal && (ulong)aligned >= 1UL << 63)
        {
            biased = 1;
        }
        return biased >= Float80.TopExponent
            ? Overflow(value.Negative, biased, (ulong)aligned, precision, inexact, control, ref raised)
            : Make(value.Negative, biased, (ulong)aligned);
    }

    private static Float80 Make(bool negative, int biased, ulong significand)
        => new(significand, (ushort)(biased | (negative ? 0x8000 : 0)));

    /// <summary>Whether the result, rounded as if the exponent were unbounded, is below the least normal number.</summary>
    private static bool IsTiny(in Real value, int biased, int precision, X87Control control)
    {
        if (biased < 0)
        {
            return true;
        }
        UInt128 kept = value.Significand >> (128 - precision);
        return kept != (UInt128.One << precision) - 1
            || !Real.RoundsAway(control.Rounding, value.Negative, odd: true, value.Significand << precision);
    }

    private static Float80 Overflow(
        bool negative, int biased, ulong significand, int precision, bool inexact, X87Control control, ref FpExceptions raised)
    {
        raised |= FpExceptions.Overflow;
        if ((control.Masked & FpExceptions.Overflow) == 0)
        {
            biased -= BiasAdjustment;
            if (biased < Float80.TopExponent)
            {
                return Make(negative, biased, significand);
            }
            // Only FSCALE gets here: too large even for the adjusted range.
            raised |= FpExceptions.Precision | FpExceptions.RoundedUp;
            return Float80.Infinity(negative);
        }
        raised = (raised & ~FpExceptions.RoundedUp) | FpExceptions.Precision;
        bool toInfinity = control.Rounding switch
        {
            FpRounding.Nearest => true,
            FpRounding.Down => negative,
            FpRounding.Up => !negative,
            _ => false,
        };
        if (toInfinity)
        {
            raised |= FpExceptions.RoundedUp;
            return Float80.Infinity(negative);
        }
        return Make(negative, Float80.TopExponent - 1, ulong.MaxValue << (64 - precision));
    }
}
