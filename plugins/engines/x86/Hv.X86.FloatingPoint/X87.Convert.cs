using System.Numerics;

namespace Hv.X86.FloatingPoint;

public static partial class X87
{
    /// <summary>Hot path: FLD m64.</summary>
    public static Float80 FromBinary64(ulong a, ref FpExceptions raised)
    {
        int exponent = (int)(a >> 52) & 0x7FF;
        return exponent is not 0 and not 0x7FF
            ? new Float80((1UL << 63) | (a << 11), (ushort)((exponent + (Float80.Bias - 1023)) | ((int)(a >> 48) & 0x8000)))
            : Widen<Binary64>(a, ref raised);
    }

    /// <summary>Hot path: FLD m32.</summary>
    public static Float80 FromBinary32(uint a, ref FpExceptions raised)
    {
        int exponent = (int)(a >> 23) & 0xFF;
        return exponent is not 0 and not 0xFF
            ? new Float80((1UL << 63) | ((ulong)a << 40), (ushort)((exponent + (Float80.Bias - 127)) | ((int)(a >> 16) & 0x8000)))
            : Widen<Binary32>(a, ref raised);
    }

    private static Float80 Widen<T>(ulong a, ref FpExceptions raised) where T : struct, IBinaryFormat
    {
        bool negative = Format<T>.IsNegative(a);
        ulong fraction = a & Format<T>.Fraction;
        if (Format<T>.Magnitude(a) >= Format<T>.Infinity)
        {
            raised |= Format<T>.IsSignalling(a) ? FpExceptions.Invalid : FpExceptions.None;
            ulong quiet = Format<T>.IsNaN(a) ? Format<T>.Quiet : 0;
            return Make(negative, Float80.TopExponent, (1UL << 63) | ((fraction | quiet) << (63 - T.FractionBits)));
        }
        if (fraction == 0)
        {
            return Float80.SignedZero(negative);
        }
        raised |= FpExceptions.Denormal;
        int shift = BitOperations.LeadingZeroCount(fraction);
        return Make(negative, 1 - Format<T>.Bias - T.FractionBits + 63 - shift + Float80.Bias, fraction << shift);
    }

    /// <summary>FILD.</summary>
    public static Float80 FromInteger(long a)
    {
        if (a == 0)
        {
            return Float80.Zero;
        }
        ulong magnitude = a < 0 ? 0UL - (ulong)a : (ulong)a;
        int shift = BitOperations.LeadingZeroCount(magnitude);
        return Make(a < 0, Float80.Bias + 63 - shift, magnitude << shift);
    }

    /// <summary>Hot path: FST m64. After an unmasked overflow or underflow nothing may be written either.</summary>
    public static ulong ToBinary64(Float80 a, X87Control control, ref FpExceptions raised)
    {
        int exponent = a.Exponent - (Float80.Bias - 1023);
        if ((long)a.Significand >= 0 || (uint)(exponent - 2) >= 0x7FC || control.Rounding != FpRounding.Nearest)
        {
            return Narrow<Binary64>(a, control, ref raised);
        }
        ulong kept = a.Significand >> 11;
        ulong rest = a.Significand & 0x7FF;
        if (rest != 0)
        {
            raised |= FpExceptions.Precision;
            if (rest > 0x400 || (rest == 0x400 && (kept & 1) != 0))
            {
                raised |= FpExceptions.RoundedUp;
                kept++;
            }
        }
        return (((ulong)(exponent - 1) << 52) + kept) | ((ulong)(a.SignExponent & 0x8000) << 48);
    }

    /// <summary>FST m32. After an unmasked overflow or underflow nothing may be written either.</summary>
    public static uint ToBinary32(Float80 a, X87Control control, ref FpExceptions raised)
        => (uint)Narrow<Binary32>(a, control, ref raised);

    private static ulong Narrow<T>(Float80 a, X87Control control, ref FpExceptions raised) where T : struct, IBinaryFormat
    {
        ulong sign = a.IsNegative ? Format<T>.Sign : 0;
        if (a.IsUnsupported)
        {
            raised |= FpExceptions.Invalid;
            return Format<T>.Indefinite;
        }
        if (a.IsNaN)
        {
            raised |= a.IsSignalling ? FpExceptions.Invalid : FpExceptions.None;
            return sign | Format<T>.Infinity | Format<T>.Quiet | ((a.Significand << 1) >> (64 - T.FractionBits));
        }
        if (a.IsInfinity || a.IsZero)
        {
            return sign | (a.IsZero ? 0 : Format<T>.Infinity);
        }
        // A denormal in a register is no arithmetic operand of a store: DE is not raised.
        ulong result = SoftFloat<T>.Round(a.ToReal(), control.AsMxcsr(), ref raised);
        if ((raised & ~control.Masked & (FpExceptions.Overflow | FpExceptions.Underflow)) != 0)
        {
            // Nothing is stored, so nothing was rounded.
            raised &= ~(FpExceptions.Precision | FpExceptions.RoundedUp);
        }
        return result;
    }

    /// <summary>FIST and FISTTP: a signed integer of 16, 32 or 64 bits, or the integer indefinite and IE when it does not fit.</summary>
    public static long ToInteger(Float80 a, int bits, FpRounding rounding, ref FpExceptions raised)
    {
        long indefinite = -1L << (bits - 1);
        if (a.IsUnsupported || a.Exponent == Float80.TopExponent)
        {
            raised |= FpExceptions.Invalid;
            return indefinite;
        }
        Real value = a.ToReal();
        if (value.IsZero)
        {
            return 0;
        }
        FpExceptions rounded = FpExceptions.None;
        ulong magnitude = value.Exponent >= bits ? ulong.MaxValue : Integral(value, rounding, ref rounded);
        if (magnitude > (1UL << (bits - 1)) - (a.IsNegative ? 0UL : 1UL))
        {
            raised |= FpExceptions.Invalid;
            return indefinite;
        }
        raised |= rounded;
        return a.IsNegative ? -(long)magnitude : (long)magnitude;
    }

    /// <summary>The magnitude of the integer nearest to a value below 2^64; PE and C1 as for every rounding.</summary>
    private static ulong Integral(in Real value, FpRounding rounding, ref FpExceptions raised)
    {
        bool whole = value.Exponent >= 0;
        ulong magnitude = whole ? (ulong)(value.Significand >> (127 - value.Exponent)) : 0;
        UInt128 rest = whole
            ? value.Significand << (value.Exponent + 1)
            : Real.ShiftRightSticky(value.Significand, -1 - value.Exponent);
        if (rest != UInt128.Zero)
        {
            raised |= FpExceptions.Precision;
            if (Real.RoundsAway(rounding, value.Negative, (magnitude & 1) != 0, rest))
            {
                raised |= FpExceptions.RoundedUp;
                magnitude++;
            }
        }
        return magnitude;
    }

    /// <summary>FRNDINT.</summary>
    public static Float80 RoundToIntegral(Float80 a, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, ref raised, out Float80 special))
        {
            return special;
        }
        NoteDenormal(a, ref raised);
        if (a.IsZero || a.Exponent >= Float80.Bias + 63)
        {
            return a;
        }
        ulong magnitude = Integral(a.ToReal(), control.Rounding, ref raised);
        if (magnitude == 0)
        {
            return Float80.SignedZero(a.IsNegative);
        }
        int shift = BitOperations.LeadingZeroCount(magnitude);
        return Make(a.IsNegative, Float80.Bias + 63 - shift, magnitude << shift);
    }

    /// <summary>FBLD: 18 packed decimal digits and a sign bit. Digits above 9 give an undefined value; ours is their weighted sum.</summary>
    /// <param name="digits">Digits 0–15.</param>
    /// <param name="signDigits">Digits 16 and 17, and the sign in bit 15.</param>
    public static Float80 FromBcd(ulong digits, ushort signDigits)
    {
        ulong magnitude = 0;
        UInt128 all = new((ulong)signDigits & 0xFF, digits);
        for (int digit = 17; digit >= 0; digit--)
        {
            magnitude = (magnitude * 10) + ((ulong)(all >> (digit * 4)) & 15);
        }
        return FromInteger((long)magnitude).WithSign((signDigits & 0x8000) != 0);
    }

    /// <summary>FBSTP: 18 packed decimal digits, or the BCD indefinite and IE when they do not suffice.</summary>
    public static (ulong Digits, ushort SignDigits) ToBcd(Float80 a, FpRounding rounding, ref FpExceptions raised)
    {
        const ulong limit = 999_999_999_999_999_999;
        FpExceptions rounded = FpExceptions.None;
        bool finite = !a.IsUnsupported && a.Exponent < Float80.Bias + 63;
        ulong magnitude = !finite ? ulong.MaxValue : a.IsZero ? 0 : Integral(a.ToReal(), rounding, ref rounded);
        if (magnitude > limit)
        {
            raised |= FpExceptions.Invalid;
            return (0xC000_0000_0000_0000, 0xFFFF);
        }
        raised |= rounded;
        UInt128 digits = UInt128.Zero;
        for (int digit = 0; digit < 18; digit++)
        {
            digits |= (UInt128)(magnitude % 10) << (digit * 4);
            magnitude /= 10;
        }
        return ((ulong)digits, (ushort)((ulong)(digits >> 64) | (a.IsNegative ? 0x8000UL : 0)));
    }

    /// <summary>FXAM: C3, C2, C1 and C0 at their places in the status word, for a register that is not empty
    /// (SDM vol. 2A, table 3-42).</summary>
    public static ushort Examine(Float80 a)
    {
        int code = a.IsUnsupported ? 0
            : a.IsNaN ? 0x0100
            : a.IsInfinity ? 0x0500
            : a.IsZero ? 0x4000
            : a.IsDenormal ? 0x4400
            : 0x0400;
        return (ushort)(code | (a.IsNegative ? 0x0200 : 0));
    }
}
