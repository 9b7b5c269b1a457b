using System.Runtime.Intrinsics.X86;

namespace Hv.X86.FloatingPoint;

/// <summary>Integer arithmetic on 128-bit operands that the class library has no fast form of.</summary>
internal static class Wide
{
    /// <summary>The quotient of high:low by <paramref name="divisor"/>; high must be below the divisor.</summary>
    public static ulong Divide(ulong high, ulong low, ulong divisor, out ulong remainder)
    {
        if (X86Base.X64.IsSupported)
        {
#pragma warning disable SYSLIB5004 // The intrinsic is the DIV instruction; the portable branch below takes over should it go away.
            (ulong quotient, remainder) = X86Base.X64.DivRem(low, high, divisor);
#pragma warning restore SYSLIB5004
            return quotient;
        }
        (UInt128 wide, UInt128 rest) = UInt128.DivRem(new UInt128(high, low), divisor);
        remainder = (ulong)rest;
        return (ulong)wide;
    }

    /// <summary>⌊√radicand⌋ for a radicand of at least 2^126; the remainder is at most twice the root.</summary>
    public static ulong SquareRoot(UInt128 radicand, out UInt128 remainder)
    {
        double estimate = Math.Sqrt((double)(ulong)(radicand >> 64)) * 4294967296.0;
        ulong root = estimate >= 18446744073709549568.0 ? ulong.MaxValue : (ulong)estimate;

        // The estimate is good to about 2^-52; one Newton step whose small correction fits a double leaves an error below 2.
        Int128 error = (Int128)(radicand - (UInt128)root * root);
        long correction = (long)((double)error / (2.0 * root));
        ulong corrected = root + (ulong)correction;
        if (correction > 0 && corrected < root)
        {
            corrected = ulong.MaxValue;
        }
        UInt128 square = (UInt128)corrected * corrected;
        while (square > radicand)
        {
            corrected--;
            square = (UInt128)corrected * corrected;
        }
        remainder = radicand - square;
        while (remainder > (UInt128)corrected << 1)
        {
            remainder -= ((UInt128)corrected << 1) + 1;
            corrected++;
        }
        return corrected;
    }

    /// <summary>The high half of the 256-bit product, up to two units too small.</summary>
    public static UInt128 MultiplyHigh(UInt128 a, UInt128 b)
    {
        ulong ah = (ulong)(a >> 64), al = (ulong)a, bh = (ulong)(b >> 64), bl = (ulong)b;
        ulong high = Math.BigMul(ah, bh, out ulong low);
        ulong crossA = Math.BigMul(ah, bl, out ulong _);
        ulong crossB = Math.BigMul(al, bh, out ulong _);
        return new UInt128(high, low) + crossA + crossB;
    }
}
