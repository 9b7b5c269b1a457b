using System.Runtime.CompilerServices;

namespace Hv.X86.FloatingPoint;

public static partial class X87
{
    /// <summary>Hot path: FADD, a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float80 Add(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
        => a.IsNormal && b.IsNormal && control.IsUsual && TryAdd(a, b, ref raised, out Float80 sum)
            ? sum
            : AddExact(a, b, negate: false, control, ref raised);

    /// <summary>Hot path: FSUB, a − b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float80 Subtract(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
        => a.IsNormal && b.IsNormal && control.IsUsual && TryAdd(a, b.Negated, ref raised, out Float80 difference)
            ? difference
            : AddExact(a, b, negate: true, control, ref raised);

    /// <summary>Hot path: FMUL, a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float80 Multiply(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
    {
        if (a.IsNormal && b.IsNormal && control.IsUsual)
        {
            ulong high = Math.BigMul(a.Significand, b.Significand, out ulong low);
            int exponent = a.Exponent + b.Exponent - (Float80.Bias - 1);
            if ((long)high >= 0)
            {
                high = (high << 1) | (low >> 63);
                low <<= 1;
                exponent--;
            }
            if (TryFinish((a.SignExponent ^ b.SignExponent) & 0x8000, exponent, high, low, ref raised, out Float80 product))
            {
                return product;
            }
        }
        return MultiplyExact(a, b, control, ref raised);
    }

    /// <summary>Hot path: FDIV, a / b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float80 Divide(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
    {
        if (a.IsNormal && b.IsNormal && control.IsUsual)
        {
            ulong divisor = b.Significand;
            int exponent = a.Exponent - b.Exponent + Float80.Bias;
            ulong high = a.Significand;
            ulong low = 0;
            if (high >= divisor)
            {
                low = high << 63;
                high >>= 1;
            }
            else
            {
                exponent--;
            }
            ulong quotient = Wide.Divide(high, low, divisor, out ulong remainder);
            // The remainder as a fraction of the divisor, reduced to below, at and above one half.
            ulong rest = remainder == 0 ? 0 : remainder > divisor - remainder ? ulong.MaxValue : 1;
            if (TryFinish((a.SignExponent ^ b.SignExponent) & 0x8000, exponent, quotient, rest, ref raised, out Float80 result))
            {
                return result;
            }
        }
        return DivideExact(a, b, control, ref raised);
    }

    /// <summary>The sum of two normal numbers, unless it is zero or leaves the normal range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAdd(Float80 a, Float80 b, ref FpExceptions raised, out Float80 sum)
    {
        int distance = a.Exponent - b.Exponent;
        if (distance < 0)
        {
            (a, b) = (b, a);
            distance = -distance;
        }
        ulong high = 0;
        ulong low = 1;
        if (distance < 64)
        {
            high = b.Significand >> distance;
            low = distance == 0 ? 0 : b.Significand << (64 - distance);
        }
        else if (distance < 127)
        {
            int beyond = distance - 64;
            low = (b.Significand >> beyond) | (b.Significand << (63 - beyond) << 1 == 0 ? 0UL : 1UL);
        }

        int exponent = a.Exponent;
        int sign = a.SignExponent & 0x8000;
        if (((a.SignExponent ^ b.SignExponent) & 0x8000) == 0)
        {
            ulong total = a.Significand + high;
            if (total < high)
            {
                low = (total << 63) | (low >> 1) | (low & 1);
                total = (total >> 1) | (1UL << 63);
                exponent++;
            }
            return TryFinish(sign, exponent, total, low, ref raised, out sum);
        }

        UInt128 difference = new UInt128(a.Significand, 0) - new UInt128(high, low);
        if (distance == 0 && a.Significand < b.Significand)
        {
            difference = UInt128.Zero - difference;
            sign ^= 0x8000;
        }
        int shift = (int)UInt128.LeadingZeroCount(difference);
        if (shift == 128)
        {
            sum = default;
            return false;
        }
        difference <<= shift;
        return TryFinish(sign, exponent - shift, (ulong)(difference >> 64), (ulong)difference, ref raised, out sum);
    }

    /// <summary>Rounds a normalised 128-bit significand to nearest when the result is certain to be normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFinish(int sign, int exponent, ulong high, ulong low, ref FpExceptions raised, out Float80 result)
    {
        if ((uint)(exponent - 1) >= Float80.TopExponent - 2)
        {
            result = default;
            return false;
        }
        if (low != 0)
        {
            raised |= FpExceptions.Precision;
            if (low > 1UL << 63 || (low == 1UL << 63 && (high & 1) != 0))
            {
                raised |= FpExceptions.RoundedUp;
                if (++high == 0)
                {
                    high = 1UL << 63;
                    exponent++;
                }
            }
        }
        result = new Float80(high, (ushort)(exponent | sign));
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Float80 AddExact(Float80 a, Float80 b, bool negate, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, b, ref raised, out Float80 special))
        {
            return special;
        }
        if (negate)
        {
            b = b.Negated;
        }
        if (a.IsInfinity && b.IsInfinity && a.IsNegative != b.IsNegative)
        {
            return Invalid(ref raised);
        }
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsInfinity || b.IsInfinity)
        {
            return a.IsInfinity ? a : b;
        }
        Real sum = Real.Add(a.ToReal(), b.ToReal());
        if (!sum.IsZero)
        {
            return Round(sum, control.Precision, control, ref raised);
        }
        bool alike = a.IsZero && b.IsZero && a.IsNegative == b.IsNegative;
        return Float80.SignedZero(alike ? a.IsNegative : control.Rounding == FpRounding.Down);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Float80 MultiplyExact(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, b, ref raised, out Float80 special))
        {
            return special;
        }
        bool negative = a.IsNegative != b.IsNegative;
        if ((a.IsInfinity && b.IsZero) || (a.IsZero && b.IsInfinity))
        {
            return Invalid(ref raised);
        }
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsInfinity || b.IsInfinity)
        {
            return Float80.Infinity(negative);
        }
        return a.IsZero || b.IsZero
            ? Float80.SignedZero(negative)
            : Round(Real.Multiply(a.ToReal(), b.ToReal()), control.Precision, control, ref raised);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Float80 DivideExact(Float80 a, Float80 b, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, b, ref raised, out Float80 special))
        {
            return special;
        }
        bool negative = a.IsNegative != b.IsNegative;
        if ((a.IsInfinity && b.IsInfinity) || (a.IsZero && b.IsZero))
        {
            return Invalid(ref raised);
        }
        if (b.IsZero && !a.IsInfinity)
        {
            raised |= FpExceptions.ZeroDivide;
            return Float80.Infinity(negative);
        }
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsInfinity)
        {
            return Float80.Infinity(negative);
        }
        return b.IsInfinity || a.IsZero
            ? Float80.SignedZero(negative)
            : Round(Real.Divide(a.ToReal(), b.ToReal()), control.Precision, control, ref raised);
    }

    /// <summary>FSQRT.</summary>
    public static Float80 SquareRoot(Float80 a, X87Control control, ref FpExceptions raised)
    {
        if (IsSpecial(a, ref raised, out Float80 special))
        {
            return special;
        }
        if (a.IsZero)
        {
            return a;
        }
        if (a.IsNegative)
        {
            return Invalid(ref raised);
        }
        NoteDenormal(a, ref raised);
        return a.IsInfinity ? a : Round(Real.SquareRoot(a.ToReal()), control.Precision, control, ref raised);
    }

    /// <summary>FCOM (<paramref name="signalling"/>), FUCOM and their kin.</summary>
    public static FpRelation Compare(Float80 a, Float80 b, bool signalling, ref FpExceptions raised)
    {
        if (a.IsUnsupported || b.IsUnsupported || a.IsSignalling || b.IsSignalling
            || (signalling && (a.IsNaN || b.IsNaN)))
        {
            raised |= FpExceptions.Invalid;
            return FpRelation.Unordered;
        }
        if (a.IsNaN || b.IsNaN)
        {
            return FpRelation.Unordered;
        }
        NoteDenormal(a, ref raised);
        NoteDenormal(b, ref raised);
        if (a.IsZero && b.IsZero)
        {
            return FpRelation.Equal;
        }
        if (a.IsNegative != b.IsNegative)
        {
            return a.IsNegative ? FpRelation.Less : FpRelation.Greater;
        }
        // A pseudo-denormal has the value of exponent 1.
        int order = Math.Max(a.Exponent, 1).CompareTo(Math.Max(b.Exponent, 1));
        order = order != 0 ? order : a.Significand.CompareTo(b.Significand);
        order = a.IsNegative ? -order : order;
        return order < 0 ? FpRelation.Less : order > 0 ? FpRelation.Greater : FpRelation.Equal;
    }
}
