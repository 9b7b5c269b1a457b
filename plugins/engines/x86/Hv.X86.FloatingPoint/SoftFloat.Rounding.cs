namespace Hv.X86.FloatingPoint;

/// <summary>Exact SSE and AVX arithmetic on one element of format <typeparamref name="T"/>. Every function takes and returns raw
/// bits, adds what it raises to <c>raised</c> and gives the masked response; whether an unmasked exception keeps the result from
/// being written is the caller's decision (<see cref="Mxcsr.Raise"/>). No state, no allocation.</summary>
public static partial class SoftFloat<T> where T : struct, IBinaryFormat
{
    /// <summary>What an operand is after DAZ was applied and NaNs were dealt with.</summary>
    private static Real Unpack(ulong value)
    {
        int biased = (int)((value & Format<T>.Infinity) >> T.FractionBits);
        ulong fraction = value & Format<T>.Fraction;
        return biased == 0
            ? Real.From(Format<T>.IsNegative(value), fraction, 1 - Format<T>.Bias - T.FractionBits)
            : Real.From(Format<T>.IsNegative(value), fraction | Format<T>.MinNormal,
                biased - Format<T>.Bias - T.FractionBits);
    }

    /// <summary>DAZ, or else DE (SDM vol. 1, 10.2.3.4 and 4.9.1.2).</summary>
    private static ulong TakeOperand(ulong value, Mxcsr control, ref FpExceptions raised)
    {
        if (!Format<T>.IsDenormal(value))
        {
            return value;
        }
        if (control.DenormalsAreZero)
        {
            return value & Format<T>.Sign;
        }
        raised |= FpExceptions.Denormal;
        return value;
    }

    /// <summary>The NaN that two operands give: the first one that is a NaN, made quiet; IE if either is signalling
    /// (SDM vol. 1, table 4-7).</summary>
    private static ulong PropagateNaN(ulong a, ulong b, ref FpExceptions raised)
    {
        if (Format<T>.IsSignalling(a) || Format<T>.IsSignalling(b))
        {
            raised |= FpExceptions.Invalid;
        }
        return (Format<T>.IsNaN(a) ? a : b) | Format<T>.Quiet;
    }

    private static ulong Invalid(ref FpExceptions raised)
    {
        raised |= FpExceptions.Invalid;
        return Format<T>.Indefinite;
    }

    private static ulong SignOf(bool negative) => negative ? Format<T>.Sign : 0;

    /// <summary>The sign of an exact zero sum (SDM vol. 1, 4.8.3.1): + except when rounding down.</summary>
    private static ulong ZeroSum(Mxcsr control) => SignOf(control.Rounding == FpRounding.Down);

    /// <summary>Rounds to the format, with tininess detected after rounding (SDM vol. 1, 4.9.1.5).</summary>
    internal static ulong Round(in Real value, Mxcsr control, ref FpExceptions raised)
    {
        int precision = T.FractionBits + 1;
        int biased = value.Exponent + Format<T>.Bias;
        UInt128 significand = value.Significand;
        if (biased <= 0)
        {
            if (IsTiny(value, biased, control))
            {
                bool masked = (control.Masked & FpExceptions.Underflow) != 0;
                if (masked && control.FlushToZero)
                {
                    raised |= FpExceptions.Underflow | FpExceptions.Precision;
                    return SignOf(value.Negative);
                }
                if (!masked)
                {
                    // PE then tells whether rounding with an unbounded exponent was inexact; the result is not written.
                    bool rounded = significand << precision != UInt128.Zero;
                    raised |= FpExceptions.Underflow | (rounded ? FpExceptions.Precision : FpExceptions.None);
                    return SignOf(value.Negative);
                }
                bool exact = Real.ShiftRightSticky(significand, 1 - biased) << precision == UInt128.Zero;
                raised |= exact ? FpExceptions.None : FpExceptions.Underflow;
            }
            significand = Real.ShiftRightSticky(significand, 1 - biased);
            biased = 1;
        }

        ulong kept = (ulong)(significand >> (128 - precision));
        UInt128 rest = significand << precision;
        if (Real.RoundsAway(control.Rounding, value.Negative, (kept & 1) != 0, rest))
        {
            kept++;
            raised |= FpExceptions.RoundedUp;
        }
        // A normal significand carries its integer bit into the exponent field; a denormal one has none and leaves it 0.
        ulong result = ((ulong)(biased - 1) << T.FractionBits) + kept;
        if (biased >= (1 << T.ExponentBits) - 1 || result >= Format<T>.Infinity)
        {
            return Overflow(value.Negative, rest != UInt128.Zero, control, ref raised);
        }
        if (rest != UInt128.Zero)
        {
            raised |= FpExceptions.Precision;
        }
        return result | SignOf(value.Negative);
    }

    /// <summary>Whether the result, rounded as if the exponent were unbounded, is below the least normal number.</summary>
    private static bool IsTiny(in Real value, int biased, Mxcsr control)
    {
        if (biased < 0)
        {
            return true;
        }
        int precision = T.FractionBits + 1;
        ulong kept = (ulong)(value.Significand >> (128 - precision));
        return kept != (Format<T>.MinNormal << 1) - 1
            || !Real.RoundsAway(control.Rounding, value.Negative, odd: true, value.Significand << precision);
    }

    private static ulong Overflow(bool negative, bool inexact, Mxcsr control, ref FpExceptions raised)
    {
        raised |= FpExceptions.Overflow;
        if (inexact || (control.Masked & FpExceptions.Overflow) != 0)
        {
            raised |= FpExceptions.Precision;
        }
        bool toInfinity = control.Rounding switch
        {
            FpRounding.Nearest => true,
            FpRounding.Down => negative,
            FpRounding.Up => !negative,
            _ => false,
        };
        raised = (raised & ~FpExceptions.RoundedUp) | (toInfinity ? FpExceptions.RoundedUp : FpExceptions.None);
        return SignOf(negative) | (toInfinity ? Format<T>.Infinity : Format<T>.Infinity - 1);
    }
}
