using System.Numerics;

namespace Hv.X86.FloatingPoint;

/// <summary>An unrounded number, ± significand · 2^(exponent − 127): bit 127 of the significand is set unless the number is zero.
/// Bit 0 of a result is sticky: set when something below it was cut off, so that one later rounding is right. Operands that come
/// from a format have at most 64 significant bits, products of binary64 at most 106; that leaves room enough below the rounding
/// point for the sticky bit to survive one cancellation.</summary>
internal readonly struct Real(bool negative, int exponent, UInt128 significand)
{
    public readonly bool Negative = negative;
    public readonly int Exponent = exponent;
    public readonly UInt128 Significand = significand;

    public static UInt128 TopBit => new(1UL << 63, 0);
    public bool IsZero => Significand == UInt128.Zero;
    public ulong High => (ulong)(Significand >> 64);
    public Real Abs => new(false, Exponent, Significand);
    public Real Negated => new(!Negative, Exponent, Significand);

    public Real Scaled(int power) => new(Negative, Exponent + power, Significand);
    public Real WithSign(bool negative) => new(negative, Exponent, Significand);

    /// <summary>From an integer times 2^<paramref name="power"/>.</summary>
    public static Real From(bool negative, ulong magnitude, int power)
    {
        if (magnitude == 0)
        {
            return new Real(negative, 0, UInt128.Zero);
        }
        int shift = BitOperations.LeadingZeroCount(magnitude);
        return new Real(negative, power + 63 - shift, new UInt128(magnitude << shift, 0));
    }

    /// <summary>Normalises an arbitrary significand that stands at <paramref name="exponent"/>.</summary>
    public static Real Normalize(bool negative, int exponent, UInt128 significand)
    {
        if (significand == UInt128.Zero)
        {
            return new Real(negative, 0, significand);
        }
        int shift = (int)UInt128.LeadingZeroCount(significand);
        return new Real(negative, exponent - shift, significand << shift);
    }

    /// <summary>Shifts right; what falls off is kept in bit 0.</summary>
    public static UInt128 ShiftRightSticky(UInt128 value, int count)
    {
        if (count <= 0)
        {
            return value;
        }
        if (count > 127)
        {
            return value == UInt128.Zero ? value : UInt128.One;
        }
        UInt128 kept = value >> count;
        return kept << count == value ? kept : kept | UInt128.One;
    }

    /// <summary>a + b. An exact cancellation gives a positive zero; the caller chooses its sign.</summary>
    public static Real Add(in Real a, in Real b)
    {
        if (a.IsZero || b.IsZero)
        {
            return a.IsZero ? b : a;
        }
        if (a.Exponent < b.Exponent || (a.Exponent == b.Exponent && a.Significand < b.Significand))
        {
            return Add(b, a);
        }
        int distance = a.Exponent - b.Exponent;
        if (a.Negative == b.Negative)
        {
            UInt128 sum = ShiftRightSticky(a.Significand, 1) + ShiftRightSticky(b.Significand, distance + 1);
            return Normalize(a.Negative, a.Exponent + 1, sum);
        }
        UInt128 difference = a.Significand - ShiftRightSticky(b.Significand, distance);
        return difference == UInt128.Zero
            ? new Real(false, 0, UInt128.Zero)
            : Normalize(a.Negative, a.Exponent, difference);
    }

    /// <summary>a · b for operands of at most 64 significant bits: exact.</summary>
    public static Real Multiply(in Real a, in Real b)
    {
        ulong high = Math.BigMul(a.High, b.High, out ulong low);
        UInt128 product = new(high, low);
        bool negative = a.Negative != b.Negative;
        return (high >> 63) != 0
            ? new Real(negative, a.Exponent + b.Exponent + 1, product)
            : new Real(negative, a.Exponent + b.Exponent, product << 1);
    }

    /// <summary>a / b for operands of at most 64 significant bits.</summary>
    public static Real Divide(in Real a, in Real b)
    {
        ulong divisor = b.High;
        bool whole = a.High >= divisor;
        ulong remainder = whole ? a.High - divisor : a.High;
        ulong first = Wide.Divide(remainder, 0, divisor, out remainder);
        ulong second = Wide.Divide(remainder, 0, divisor, out remainder);
        UInt128 quotient = new(first, second | (remainder == 0 ? 0UL : 1UL));
        bool negative = a.Negative != b.Negative;
        return whole
            ? new Real(negative, a.Exponent - b.Exponent, TopBit | ShiftRightSticky(quotient, 1))
            : new Real(negative, a.Exponent - b.Exponent - 1, quotient);
    }

    /// <summary>√a for a positive operand of at most 64 significant bits: 64 bits of root, a round bit and a sticky bit.</summary>
    public static Real SquareRoot(in Real a)
    {
        bool odd = (a.Exponent & 1) != 0;
        UInt128 radicand = odd ? new UInt128(a.High, 0) : new UInt128(a.High >> 1, a.High << 63);
        ulong root = Wide.SquareRoot(radicand, out UInt128 remainder);
        ulong low = (remainder > root ? 1UL << 63 : 0UL) | (remainder == UInt128.Zero ? 0UL : 1UL);
        return new Real(false, a.Exponent >> 1, new UInt128(root, low));
    }

    /// <summary>Whether a magnitude of which <paramref name="rest"/> (top-aligned) is cut off must be rounded away from zero.</summary>
    public static bool RoundsAway(FpRounding rounding, bool negative, bool odd, UInt128 rest) => rounding switch
    {
        FpRounding.Nearest => rest > TopBit || (rest == TopBit && odd),
        FpRounding.Down => negative && rest != UInt128.Zero,
        FpRounding.Up => !negative && rest != UInt128.Zero,
        _ => false,
    };
}
