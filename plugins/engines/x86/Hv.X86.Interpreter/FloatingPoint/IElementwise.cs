using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hv.X86.FloatingPoint;

namespace Hv.X86.Interpreter;

/// <summary>What an SSE or AVX instruction does to each element: destination (or first source), source, immediate. Instructions with
/// one source ignore <c>a</c>. The <c>Try</c> forms are the host's own arithmetic where that is certain to be right
/// (<see cref="FastFloat"/>); <c>Exact</c> is the definition.</summary>
internal interface IElementwise
{
    static abstract bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r);
    static abstract bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r);
    static abstract bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r);
    static abstract bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r);
    static abstract bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r);
    static abstract bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r);
    static abstract ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised)
        where F : struct, IBinaryFormat;
}

/// <summary>ADD, SUB, MUL, DIV.</summary>
internal readonly struct Arithmetic<TOp> : IElementwise where TOp : struct, IFloatOperation
{
    [MethodImpl(Jit.Inline)]
    public static bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r) => FastFloat.Try64<TOp>(a, b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r) => FastFloat.Try32<TOp>(a, b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r)
        => FastFloat.Try<TOp>(a, b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r)
        => FastFloat.Try<TOp>(a, b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r)
        => FastFloat.Try<TOp>(a, b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r)
        => FastFloat.Try<TOp>(a, b, mxcsr, out r);

    public static ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => TOp.Exact<F>(a, b, control, ref raised);
}

/// <summary>Which of two ordered values is taken.</summary>
internal interface IChoice
{
    static abstract bool IsMinimum { get; }
}

/// <summary>MIN.</summary>
internal readonly struct Smaller : IChoice
{
    public static bool IsMinimum => true;
}

/// <summary>MAX.</summary>
internal readonly struct Larger : IChoice
{
    public static bool IsMinimum => false;
}

/// <summary>MIN and MAX: the second operand when the first is not strictly smaller (larger).</summary>
internal readonly struct Choose<TChoice> : IElementwise where TChoice : struct, IChoice
{
    [MethodImpl(Jit.Inline)]
    public static bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r)
    {
        double x = BitConverter.UInt64BitsToDouble(a), y = BitConverter.UInt64BitsToDouble(b);
        r = (TChoice.IsMinimum ? x < y : x > y) ? a : b;
        return FastFloat.CanCompare64(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r)
    {
        float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b);
        r = (TChoice.IsMinimum ? x < y : x > y) ? a : b;
        return FastFloat.CanCompare32(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r)
    {
        r = Vector128.ConditionalSelect(TChoice.IsMinimum ? Vector128.LessThan(a, b) : Vector128.GreaterThan(a, b), a, b);
        return FastFloat.CanCompare(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r)
    {
        r = Vector128.ConditionalSelect(TChoice.IsMinimum ? Vector128.LessThan(a, b) : Vector128.GreaterThan(a, b), a, b);
        return FastFloat.CanCompare(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r)
    {
        r = Vector256.ConditionalSelect(TChoice.IsMinimum ? Vector256.LessThan(a, b) : Vector256.GreaterThan(a, b), a, b);
        return FastFloat.CanCompare(a.GetLower(), b.GetLower()) && FastFloat.CanCompare(a.GetUpper(), b.GetUpper());
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r)
    {
        r = Vector256.ConditionalSelect(TChoice.IsMinimum ? Vector256.LessThan(a, b) : Vector256.GreaterThan(a, b), a, b);
        return FastFloat.CanCompare(a.GetLower(), b.GetLower()) && FastFloat.CanCompare(a.GetUpper(), b.GetUpper());
    }

    public static ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => TChoice.IsMinimum
            ? SoftFloat<F>.Minimum(a, b, control, ref raised)
            : SoftFloat<F>.Maximum(a, b, control, ref raised);
}

/// <summary>CMPPS and its kin: all ones or all zeros by predicate (the immediate).</summary>
internal readonly struct CompareMask : IElementwise
{
    [MethodImpl(Jit.Inline)]
    public static bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r)
    {
        double x = BitConverter.UInt64BitsToDouble(a), y = BitConverter.UInt64BitsToDouble(b);
        FpRelation relation = x < y ? FpRelation.Less : x > y ? FpRelation.Greater : FpRelation.Equal;
        r = (FpPredicate.Relations(immediate) & relation) != 0 ? ulong.MaxValue : 0;
        return FastFloat.CanCompare64(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r)
    {
        float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b);
        FpRelation relation = x < y ? FpRelation.Less : x > y ? FpRelation.Greater : FpRelation.Equal;
        r = (FpPredicate.Relations(immediate) & relation) != 0 ? uint.MaxValue : 0;
        return FastFloat.CanCompare32(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r)
    {
        FpRelation wanted = FpPredicate.Relations(immediate);
        r = (Vector128.LessThan(a, b) & All(wanted, FpRelation.Less).AsDouble())
            | (Vector128.Equals(a, b) & All(wanted, FpRelation.Equal).AsDouble())
            | (Vector128.GreaterThan(a, b) & All(wanted, FpRelation.Greater).AsDouble());
        return FastFloat.CanCompare(a, b);
    }

    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r)
    {
        FpRelation wanted = FpPredicate.Relations(immediate);
        r = (Vector128.LessThan(a, b) & All(wanted, FpRelation.Less).AsSingle())
            | (Vector128.Equals(a, b) & All(wanted, FpRelation.Equal).AsSingle())
            | (Vector128.GreaterThan(a, b) & All(wanted, FpRelation.Greater).AsSingle());
        return FastFloat.CanCompare(a, b);
    }

    public static bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r)
    {
        bool low = Try(a.GetLower(), b.GetLower(), immediate, mxcsr, out Vector128<double> lower);
        bool high = Try(a.GetUpper(), b.GetUpper(), immediate, mxcsr, out Vector128<double> upper);
        r = Vector256.Create(lower, upper);
        return low && high;
    }

    public static bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r)
    {
        bool low = Try(a.GetLower(), b.GetLower(), immediate, mxcsr, out Vector128<float> lower);
        bool high = Try(a.GetUpper(), b.GetUpper(), immediate, mxcsr, out Vector128<float> upper);
        r = Vector256.Create(lower, upper);
        return low && high;
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<int> All(FpRelation wanted, FpRelation relation)
        => Vector128.Create((wanted & relation) != 0 ? -1 : 0);

    public static ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
    {
        FpRelation relation = SoftFloat<F>.Compare(a, b, FpPredicate.IsSignalling(immediate), control, ref raised);
        return (FpPredicate.Relations(immediate) & relation) != 0 ? ulong.MaxValue : 0;
    }
}

/// <summary>SQRT.</summary>
internal readonly struct SquareRoot : IElementwise
{
    [MethodImpl(Jit.Inline)]
    public static bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r) => FastFloat.TrySquareRoot64(b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r) => FastFloat.TrySquareRoot32(b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r)
        => FastFloat.TrySquareRoot(b, mxcsr, out r);
    [MethodImpl(Jit.Inline)]
    public static bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r)
        => FastFloat.TrySquareRoot(b, mxcsr, out r);

    public static bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r)
    {
        bool low = FastFloat.TrySquareRoot(b.GetLower(), mxcsr, out Vector128<double> lower);
        bool high = FastFloat.TrySquareRoot(b.GetUpper(), mxcsr, out Vector128<double> upper);
        r = Vector256.Create(lower, upper);
        return low && high;
    }

    public static bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r)
    {
        bool low = FastFloat.TrySquareRoot(b.GetLower(), mxcsr, out Vector128<float> lower);
        bool high = FastFloat.TrySquareRoot(b.GetUpper(), mxcsr, out Vector128<float> upper);
        r = Vector256.Create(lower, upper);
        return low && high;
    }

    public static ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => SoftFloat<F>.SquareRoot(b, control, ref raised);
}

/// <summary>An operation that has no short cut through the host's arithmetic.</summary>
internal interface IExactOnly
{
    static abstract ulong Exact<F>(ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat;
}

/// <summary>Always the definition.</summary>
internal readonly struct Always<TOp> : IElementwise where TOp : struct, IExactOnly
{
    public static bool Try(ulong a, ulong b, int immediate, uint mxcsr, out ulong r) => No(out r);
    public static bool Try(uint a, uint b, int immediate, uint mxcsr, out uint r) => No(out r);
    public static bool Try(Vector128<double> a, Vector128<double> b, int immediate, uint mxcsr, out Vector128<double> r) => No(out r);
    public static bool Try(Vector128<float> a, Vector128<float> b, int immediate, uint mxcsr, out Vector128<float> r) => No(out r);
    public static bool Try(Vector256<double> a, Vector256<double> b, int immediate, uint mxcsr, out Vector256<double> r) => No(out r);
    public static bool Try(Vector256<float> a, Vector256<float> b, int immediate, uint mxcsr, out Vector256<float> r) => No(out r);

    [MethodImpl(Jit.Inline)]
    private static bool No<T>(out T r) where T : struct
    {
        r = default;
        return false;
    }

    public static ulong Exact<F>(ulong a, ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => TOp.Exact<F>(b, immediate, control, ref raised);
}

/// <summary>ROUND: the immediate holds the rounding mode, "use MXCSR.RC" (bit 2) and "no PE" (bit 3) (SDM vol. 2B, table 4-18).</summary>
internal readonly struct RoundIntegral : IExactOnly
{
    public static ulong Exact<F>(ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
    {
        FpRounding rounding = (immediate & 4) != 0 ? control.Rounding : (FpRounding)(immediate & 3);
        return SoftFloat<F>.RoundToIntegral(b, rounding, (immediate & 8) != 0, control, ref raised);
    }
}

/// <summary>RCP: the canonical approximation of <see cref="Approximation"/>; raises nothing.</summary>
internal readonly struct ReciprocalEstimate : IExactOnly
{
    public static ulong Exact<F>(ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => Approximation.Reciprocal((uint)b);
}

/// <summary>RSQRT: the canonical approximation of <see cref="Approximation"/>; raises nothing.</summary>
internal readonly struct ReciprocalRootEstimate : IExactOnly
{
    public static ulong Exact<F>(ulong b, int immediate, Mxcsr control, ref FpExceptions raised) where F : struct, IBinaryFormat
        => Approximation.ReciprocalSquareRoot((uint)b);
}
