using System.Runtime.Intrinsics;

namespace Hv.X86.FloatingPoint;

/// <summary>A two-operand operation of the SSE and AVX instructions: how the host computes it, how to show that the host's result
/// is exact, and its definition. Implemented by empty structs, so that every use is specialised.</summary>
public interface IFloatOperation
{
    /// <summary>The host's result.</summary>
    static abstract double Host(double a, double b);
    /// <summary>The host's result.</summary>
    static abstract float Host(float a, float b);
    /// <summary>The host's results.</summary>
    static abstract Vector128<T> Host<T>(Vector128<T> a, Vector128<T> b);
    /// <summary>The host's results.</summary>
    static abstract Vector256<T> Host<T>(Vector256<T> a, Vector256<T> b);

    /// <summary>Zero in a lane only if <paramref name="result"/> is exact there.</summary>
    static abstract Vector128<double> Residual(Vector128<double> a, Vector128<double> b, Vector128<double> result);
    /// <summary>Zero in a lane only if <paramref name="result"/> is exact there.</summary>
    static abstract Vector128<float> Residual(Vector128<float> a, Vector128<float> b, Vector128<float> result);

    /// <summary>The definition.</summary>
    static abstract ulong Exact<TFormat>(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        where TFormat : struct, IBinaryFormat;
}

/// <summary>a + b.</summary>
public readonly struct FloatAdd : IFloatOperation
{
    /// <inheritdoc/>
    public static double Host(double a, double b) => a + b;
    /// <inheritdoc/>
    public static float Host(float a, float b) => a + b;
    /// <inheritdoc/>
    public static Vector128<T> Host<T>(Vector128<T> a, Vector128<T> b) => a + b;
    /// <inheritdoc/>
    public static Vector256<T> Host<T>(Vector256<T> a, Vector256<T> b) => a + b;
    /// <inheritdoc/>
    public static Vector128<double> Residual(Vector128<double> a, Vector128<double> b, Vector128<double> result)
        => Residuals.Sum(a, b, result);
    /// <inheritdoc/>
    public static Vector128<float> Residual(Vector128<float> a, Vector128<float> b, Vector128<float> result)
        => Residuals.Sum(a, b, result);
    /// <inheritdoc/>
    public static ulong Exact<TFormat>(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        where TFormat : struct, IBinaryFormat => SoftFloat<TFormat>.Add(a, b, control, ref raised);
}

/// <summary>a − b.</summary>
public readonly struct FloatSubtract : IFloatOperation
{
    /// <inheritdoc/>
    public static double Host(double a, double b) => a - b;
    /// <inheritdoc/>
    public static float Host(float a, float b) => a - b;
    /// <inheritdoc/>
    public static Vector128<T> Host<T>(Vector128<T> a, Vector128<T> b) => a - b;
    /// <inheritdoc/>
    public static Vector256<T> Host<T>(Vector256<T> a, Vector256<T> b) => a - b;
    /// <inheritdoc/>
    public static Vector128<double> Residual(Vector128<double> a, Vector128<double> b, Vector128<double> result)
        => Residuals.Sum(a, -b, result);
    /// <inheritdoc/>
    public static Vector128<float> Residual(Vector128<float> a, Vector128<float> b, Vector128<float> result)
        => Residuals.Sum(a, -b, result);
    /// <inheritdoc/>
    public static ulong Exact<TFormat>(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        where TFormat : struct, IBinaryFormat => SoftFloat<TFormat>.Subtract(a, b, control, ref raised);
}

/// <summary>a · b.</summary>
public readonly struct FloatMultiply : IFloatOperation
{
    /// <inheritdoc/>
    public static double Host(double a, double b) => a * b;
    /// <inheritdoc/>
    public static float Host(float a, float b) => a * b;
    /// <inheritdoc/>
    public static Vector128<T> Host<T>(Vector128<T> a, Vector128<T> b) => a * b;
    /// <inheritdoc/>
    public static Vector256<T> Host<T>(Vector256<T> a, Vector256<T> b) => a * b;
    /// <inheritdoc/>
    public static Vector128<double> Residual(Vector128<double> a, Vector128<double> b, Vector128<double> result)
        => Residuals.Product(a, b, result);
    /// <inheritdoc/>
    public static Vector128<float> Residual(Vector128<float> a, Vector128<float> b, Vector128<float> result)
        => Residuals.Product(a, b, result);
    /// <inheritdoc/>
    public static ulong Exact<TFormat>(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        where TFormat : struct, IBinaryFormat => SoftFloat<TFormat>.Multiply(a, b, control, ref raised);
}

/// <summary>a / b.</summary>
public readonly struct FloatDivide : IFloatOperation
{
    /// <inheritdoc/>
    public static double Host(double a, double b) => a / b;
    /// <inheritdoc/>
    public static float Host(float a, float b) => a / b;
    /// <inheritdoc/>
    public static Vector128<T> Host<T>(Vector128<T> a, Vector128<T> b) => a / b;
    /// <inheritdoc/>
    public static Vector256<T> Host<T>(Vector256<T> a, Vector256<T> b) => a / b;
    /// <inheritdoc/>
    public static Vector128<double> Residual(Vector128<double> a, Vector128<double> b, Vector128<double> result)
        => Residuals.Product(b, result, a);
    /// <inheritdoc/>
    public static Vector128<float> Residual(Vector128<float> a, Vector128<float> b, Vector128<float> result)
        => Residuals.Product(b, result, a);
    /// <inheritdoc/>
    public static ulong Exact<TFormat>(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        where TFormat : struct, IBinaryFormat => SoftFloat<TFormat>.Divide(a, b, control, ref raised);
}
