using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.BitConverter;

namespace Hv.X86.FloatingPoint;

/// <summary>The host's own arithmetic, where it provably gives what the guest's processor would: rounding to nearest, everything
/// masked, operands normal or zero, result normal or zero without underflow, and no flag that is not set already. A function returns false
/// when it cannot show that; <see cref="SoftFloat{T}"/> then decides. NaNs never get here, because the JIT may commute operands
/// and so pick another payload. The host's MXCSR has its default value in managed code.</summary>
public static class FastFloat
{
    /// <summary>RC, the masks and PE.</summary>
    private const uint ControlBits = 0x7FA0;
    /// <summary>To nearest, all masked, PE set: inexact results change nothing.</summary>
    private const uint Settled = 0x1FA0;
    /// <summary>To nearest, all masked, PE clear: exact results change nothing.</summary>
    private const uint Unsettled = 0x1F80;

    private const ulong Exponent64 = 0x7FF0_0000_0000_0000;
    private const uint Exponent32 = 0x7F80_0000;

    /// <summary>Least results that cannot have been tiny before they were rounded: twice the least normal numbers.</summary>
    private const double LeastResult64 = 4.450147717014403e-308;
    private const float LeastResult32 = 2.3509887e-38f;
    private const double LeastNormal64 = 2.2250738585072014e-308;
    private const float LeastNormal32 = 1.17549435e-38f;

    /// <summary>Whether rounding is to nearest, all exceptions are masked and PE is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSettled(uint mxcsr) => (mxcsr & ControlBits) == Settled;

    /// <summary>Hot path: a binary64 operation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try64<TOp>(ulong a, ulong b, uint mxcsr, out ulong result) where TOp : struct, IFloatOperation
    {
        result = DoubleToUInt64Bits(TOp.Host(UInt64BitsToDouble(a), UInt64BitsToDouble(b)));
        // An infinite or NaN operand gives such a result, or (finite ÷ ∞) a zero: the result's range excludes all of them.
        if ((a & Exponent64) != 0 && (b & Exponent64) != 0 && IsSafeResult64(result) && IsSettled(mxcsr))
        {
            return true;
        }
        return TryUncommon64<TOp>(a, b, mxcsr, result);
    }

    /// <summary>Hot path: a binary32 operation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try32<TOp>(uint a, uint b, uint mxcsr, out uint result) where TOp : struct, IFloatOperation
    {
        result = SingleToUInt32Bits(TOp.Host(UInt32BitsToSingle(a), UInt32BitsToSingle(b)));
        if ((a & Exponent32) != 0 && (b & Exponent32) != 0 && IsSafeResult32(result) && IsSettled(mxcsr))
        {
            return true;
        }
        return TryUncommon32<TOp>(a, b, mxcsr, result);
    }

    /// <summary>Exponent field from 2 to the greatest finite one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsSafeResult64(ulong bits) => (bits << 1) - (2UL << 53) < (0x7FDUL << 53);

    /// <summary>Exponent field from 2 to the greatest finite one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsSafeResult32(uint bits) => (bits << 1) - (2u << 24) < (0xFDu << 24);

    private static bool IsFiniteNormalOrZero64(ulong bits)
        => (bits << 1) == 0 || (bits << 1) - (1UL << 53) < (0x7FEUL << 53);

    private static bool IsFiniteNormalOrZero32(uint bits)
        => (bits << 1) == 0 || (bits << 1) - (1u << 24) < (0xFEu << 24);

    /// <summary>Zeros, and results that are exact while PE is clear.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryUncommon64<TOp>(ulong a, ulong b, uint mxcsr, ulong result) where TOp : struct, IFloatOperation
    {
        if ((mxcsr & Unsettled) != Unsettled || (mxcsr & ControlBits & ~Settled) != 0
            || !IsFiniteNormalOrZero64(a) || !IsFiniteNormalOrZero64(b))
        {
            return false;
        }
        if ((result << 1) == 0)
        {
            return IsExactZero<TOp>((a << 1) == 0, (b << 1) == 0);
        }
        if (!IsSafeResult64(result))
        {
            return false;
        }
        return IsSettled(mxcsr) || Residuals.AreZero(TOp.Residual(
            Vector128.CreateScalar(UInt64BitsToDouble(a)), Vector128.CreateScalar(UInt64BitsToDouble(b)),
            Vector128.CreateScalar(UInt64BitsToDouble(result))).WithElement(1, 0));
    }

    /// <inheritdoc cref="TryUncommon64"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryUncommon32<TOp>(uint a, uint b, uint mxcsr, uint result) where TOp : struct, IFloatOperation
    {
        if ((mxcsr & Unsettled) != Unsettled || (mxcsr & ControlBits & ~Settled) != 0
            || !IsFiniteNormalOrZero32(a) || !IsFiniteNormalOrZero32(b))
        {
            return false;
        }
        if ((result << 1) == 0)
        {
            return IsExactZero<TOp>((a << 1) == 0, (b << 1) == 0);
        }
        if (!IsSafeResult32(result))
        {
            return false;
        }
        Vector128<float> residual = TOp.Residual(
            Vector128.Create(UInt32BitsToSingle(a)), Vector128.Create(UInt32BitsToSingle(b)),
            Vector128.Create(UInt32BitsToSingle(result)));
        return IsSettled(mxcsr) || Residuals.AreZero(residual);
    }

    /// <summary>Whether a zero result comes from zeros and not from underflow. Sums of normal numbers cannot underflow to zero;
    /// 0 ÷ 0 is a NaN and never asks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsExactZero<TOp>(bool zeroA, bool zeroB)
        => typeof(TOp) == typeof(FloatAdd) || typeof(TOp) == typeof(FloatSubtract) || zeroA
            || (typeof(TOp) == typeof(FloatMultiply) && zeroB);

    /// <summary>Hot path: two binary64 operations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try<TOp>(Vector128<double> a, Vector128<double> b, uint mxcsr, out Vector128<double> result)
        where TOp : struct, IFloatOperation
    {
        result = TOp.Host(a, b);
        if (AllNormal(a, b, result))
        {
            return IsSettled(mxcsr)
                || ((mxcsr & ControlBits) == Unsettled && Residuals.AreZero(TOp.Residual(a, b, result)));
        }
        return TryEach64<TOp>(a, b, mxcsr, result);
    }

    /// <summary>Hot path: four binary32 operations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try<TOp>(Vector128<float> a, Vector128<float> b, uint mxcsr, out Vector128<float> result)
        where TOp : struct, IFloatOperation
    {
        result = TOp.Host(a, b);
        if (AllNormal(a, b, result))
        {
            return IsSettled(mxcsr)
                || ((mxcsr & ControlBits) == Unsettled && Residuals.AreZero(TOp.Residual(a, b, result)));
        }
        return TryEach32<TOp>(a, b, mxcsr, result);
    }

    /// <summary>Hot path: four binary64 operations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try<TOp>(Vector256<double> a, Vector256<double> b, uint mxcsr, out Vector256<double> result)
        where TOp : struct, IFloatOperation
    {
        result = TOp.Host(a, b);
        if (IsSettled(mxcsr) && AllNormal(a, b, result))
        {
            return true;
        }
        bool low = Try<TOp>(a.GetLower(), b.GetLower(), mxcsr, out _);
        return low && Try<TOp>(a.GetUpper(), b.GetUpper(), mxcsr, out _);
    }

    /// <summary>Hot path: eight binary32 operations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Try<TOp>(Vector256<float> a, Vector256<float> b, uint mxcsr, out Vector256<float> result)
        where TOp : struct, IFloatOperation
    {
        result = TOp.Host(a, b);
        if (IsSettled(mxcsr) && AllNormal(a, b, result))
        {
            return true;
        }
        bool low = Try<TOp>(a.GetLower(), b.GetLower(), mxcsr, out _);
        return low && Try<TOp>(a.GetUpper(), b.GetUpper(), mxcsr, out _);
    }

    /// <summary>Lanes with zeros among normal ones.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryEach64<TOp>(Vector128<double> a, Vector128<double> b, uint mxcsr, Vector128<double> result)
        where TOp : struct, IFloatOperation
        => TryUncommon64<TOp>(a.AsUInt64().ToScalar(), b.AsUInt64().ToScalar(), mxcsr, result.AsUInt64().ToScalar())
            && TryUncommon64<TOp>(a.AsUInt64()[1], b.AsUInt64()[1], mxcsr, result.AsUInt64()[1]);

    /// <summary>Lanes with zeros among normal ones.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryEach32<TOp>(Vector128<float> a, Vector128<float> b, uint mxcsr, Vector128<float> result)
        where TOp : struct, IFloatOperation
    {
        for (int lane = 0; lane < 4; lane++)
        {
            if (!TryUncommon32<TOp>(a.AsUInt32()[lane], b.AsUInt32()[lane], mxcsr, result.AsUInt32()[lane]))
            {
                return false;
            }
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllNormal(Vector128<double> a, Vector128<double> b, Vector128<double> result)
    {
        Vector128<double> least = Vector128.MinNative(Vector128.Abs(a), Vector128.Abs(b));
        Vector128<double> magnitude = Vector128.Abs(result);
        return (Vector128.GreaterThanOrEqual(least, Vector128.Create(LeastNormal64))
            & Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(LeastResult64))
            & Vector128.LessThan(magnitude, Vector128.Create(double.PositiveInfinity))).ExtractMostSignificantBits() == 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllNormal(Vector128<float> a, Vector128<float> b, Vector128<float> result)
    {
        Vector128<float> least = Vector128.MinNative(Vector128.Abs(a), Vector128.Abs(b));
        Vector128<float> magnitude = Vector128.Abs(result);
        return (Vector128.GreaterThanOrEqual(least, Vector128.Create(LeastNormal32))
            & Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(LeastResult32))
            & Vector128.LessThan(magnitude, Vector128.Create(float.PositiveInfinity))).ExtractMostSignificantBits() == 15;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllNormal(Vector256<double> a, Vector256<double> b, Vector256<double> result)
    {
        Vector256<double> least = Vector256.MinNative(Vector256.Abs(a), Vector256.Abs(b));
        Vector256<double> magnitude = Vector256.Abs(result);
        return (Vector256.GreaterThanOrEqual(least, Vector256.Create(LeastNormal64))
            & Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(LeastResult64))
            & Vector256.LessThan(magnitude, Vector256.Create(double.PositiveInfinity))).ExtractMostSignificantBits() == 15;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllNormal(Vector256<float> a, Vector256<float> b, Vector256<float> result)
    {
        Vector256<float> least = Vector256.MinNative(Vector256.Abs(a), Vector256.Abs(b));
        Vector256<float> magnitude = Vector256.Abs(result);
        return (Vector256.GreaterThanOrEqual(least, Vector256.Create(LeastNormal32))
            & Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(LeastResult32))
            & Vector256.LessThan(magnitude, Vector256.Create(float.PositiveInfinity))).ExtractMostSignificantBits() == 255;
    }

    /// <summary>Hot path: one binary64 square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySquareRoot64(ulong a, uint mxcsr, out ulong result)
    {
        double root = Math.Sqrt(UInt64BitsToDouble(a));
        result = DoubleToUInt64Bits(root);
        // Positive, normal, finite.
        return a - (1UL << 52) < (0x7FEUL << 52) && (IsSettled(mxcsr)
            || ((mxcsr & ControlBits) == Unsettled && Residuals.AreZero(Residuals.Product(
                Vector128.Create(root), Vector128.Create(root), Vector128.Create(UInt64BitsToDouble(a))))));
    }

    /// <summary>Hot path: one binary32 square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySquareRoot32(uint a, uint mxcsr, out uint result)
    {
        float root = MathF.Sqrt(UInt32BitsToSingle(a));
        result = SingleToUInt32Bits(root);
        return a - (1u << 23) < (0xFEu << 23) && (IsSettled(mxcsr)
            || ((mxcsr & ControlBits) == Unsettled && Residuals.AreZero(Residuals.Product(
                Vector128.Create(root), Vector128.Create(root), Vector128.Create(UInt32BitsToSingle(a))))));
    }

    /// <summary>Hot path: a binary64 fused multiply-add; the caller has applied the signs, which NaNs (that never get through)
    /// would not have taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused64(ulong a, ulong b, ulong c, uint mxcsr, out ulong result)
    {
        if (!Fma.IsSupported)
        {
            result = 0;
            return false;
        }
        result = DoubleToUInt64Bits(Math.FusedMultiplyAdd(
            UInt64BitsToDouble(a), UInt64BitsToDouble(b), UInt64BitsToDouble(c)));
        return (a & Exponent64) != 0 && (b & Exponent64) != 0 && ((c & Exponent64) != 0 || (c << 1) == 0)
            && IsSafeResult64(result) && IsSettled(mxcsr);
    }

    /// <summary>Hot path: a binary32 fused multiply-add; see <see cref="TryFused64"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused32(uint a, uint b, uint c, uint mxcsr, out uint result)
    {
        if (!Fma.IsSupported)
        {
            result = 0;
            return false;
        }
        result = SingleToUInt32Bits(MathF.FusedMultiplyAdd(
            UInt32BitsToSingle(a), UInt32BitsToSingle(b), UInt32BitsToSingle(c)));
        return (a & Exponent32) != 0 && (b & Exponent32) != 0 && ((c & Exponent32) != 0 || (c << 1) == 0)
            && IsSafeResult32(result) && IsSettled(mxcsr);
    }

    /// <summary>Hot path: a comparison; false when an operand is a NaN or a denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanCompare64(ulong a, ulong b) => IsOrderly64(a) && IsOrderly64(b);

    /// <summary>Hot path: a comparison; false when an operand is a NaN or a denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanCompare32(uint a, uint b) => IsOrderly32(a) && IsOrderly32(b);

    /// <summary>A normal number, an infinity or a zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsOrderly64(ulong bits)
        => (bits << 1) - (1UL << 53) <= (0x7FEUL << 53) || (bits << 1) == 0;

    /// <summary>A normal number, an infinity or a zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsOrderly32(uint bits)
        => (bits << 1) - (1u << 24) <= (0xFEu << 24) || (bits << 1) == 0;

    /// <summary>Hot path: a comparison; false when any element is a NaN or a denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanCompare(Vector128<double> a, Vector128<double> b) => AreOrderly(a) && AreOrderly(b);

    /// <summary>Hot path: a comparison; false when any element is a NaN or a denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanCompare(Vector128<float> a, Vector128<float> b) => AreOrderly(a) && AreOrderly(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreOrderly(Vector128<double> a)
        => (Vector128.GreaterThanOrEqual(Vector128.Abs(a), Vector128.Create(LeastNormal64))
            | Vector128.Equals(a, Vector128<double>.Zero)).ExtractMostSignificantBits() == 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreOrderly(Vector128<float> a)
        => (Vector128.GreaterThanOrEqual(Vector128.Abs(a), Vector128.Create(LeastNormal32))
            | Vector128.Equals(a, Vector128<float>.Zero)).ExtractMostSignificantBits() == 15;

    /// <summary>Hot path: two binary64 square roots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySquareRoot(Vector128<double> a, uint mxcsr, out Vector128<double> result)
    {
        result = Vector128.Sqrt(a);
        return IsSettled(mxcsr)
            && (Vector128.GreaterThanOrEqual(a, Vector128.Create(LeastNormal64))
                & Vector128.LessThan(a, Vector128.Create(double.PositiveInfinity))).ExtractMostSignificantBits() == 3;
    }

    /// <summary>Hot path: four binary32 square roots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySquareRoot(Vector128<float> a, uint mxcsr, out Vector128<float> result)
    {
        result = Vector128.Sqrt(a);
        return IsSettled(mxcsr)
            && (Vector128.GreaterThanOrEqual(a, Vector128.Create(LeastNormal32))
                & Vector128.LessThan(a, Vector128.Create(float.PositiveInfinity))).ExtractMostSignificantBits() == 15;
    }

    /// <summary>Hot path: fused multiply-adds; see <see cref="TryFused64"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused(Vector128<double> a, Vector128<double> b, Vector128<double> c, uint mxcsr, out Vector128<double> result)
    {
        if (!Fma.IsSupported)
        {
            result = default;
            return false;
        }
        result = Fma.MultiplyAdd(a, b, c);
        Vector128<double> magnitude = Vector128.Abs(c);
        Vector128<double> addend = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(LeastNormal64))
            | Vector128.Equals(c, Vector128<double>.Zero);
        return IsSettled(mxcsr) && AllNormal(a, b, result) && addend.ExtractMostSignificantBits() == 3;
    }

    /// <summary>Hot path: fused multiply-adds; see <see cref="TryFused64"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused(Vector128<float> a, Vector128<float> b, Vector128<float> c, uint mxcsr, out Vector128<float> result)
    {
        if (!Fma.IsSupported)
        {
            result = default;
            return false;
        }
        result = Fma.MultiplyAdd(a, b, c);
        Vector128<float> magnitude = Vector128.Abs(c);
        Vector128<float> addend = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(LeastNormal32))
            | Vector128.Equals(c, Vector128<float>.Zero);
        return IsSettled(mxcsr) && AllNormal(a, b, result) && addend.ExtractMostSignificantBits() == 15;
    }

    /// <summary>Hot path: fused multiply-adds; see <see cref="TryFused64"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused(Vector256<double> a, Vector256<double> b, Vector256<double> c, uint mxcsr, out Vector256<double> result)
    {
        if (!Fma.IsSupported)
        {
            result = default;
            return false;
        }
        result = Fma.MultiplyAdd(a, b, c);
        Vector256<double> magnitude = Vector256.Abs(c);
        Vector256<double> addend = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(LeastNormal64))
            | Vector256.Equals(c, Vector256<double>.Zero);
        return IsSettled(mxcsr) && AllNormal(a, b, result) && addend.ExtractMostSignificantBits() == 15;
    }

    /// <summary>Hot path: fused multiply-adds; see <see cref="TryFused64"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFused(Vector256<float> a, Vector256<float> b, Vector256<float> c, uint mxcsr, out Vector256<float> result)
    {
        if (!Fma.IsSupported)
        {
            result = default;
            return false;
        }
        result = Fma.MultiplyAdd(a, b, c);
        Vector256<float> magnitude = Vector256.Abs(c);
        Vector256<float> addend = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(LeastNormal32))
            | Vector256.Equals(c, Vector256<float>.Zero);
        return IsSettled(mxcsr) && AllNormal(a, b, result) && addend.ExtractMostSignificantBits() == 255;
    }
}
