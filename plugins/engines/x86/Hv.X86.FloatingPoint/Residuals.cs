using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hv.X86.FloatingPoint;

/// <summary>Error-free transformations. A zero shows that an operation of the host was exact; anything else shows nothing, because
/// intermediate results may have over- or underflowed or the host may have no fused multiply-add.</summary>
internal static class Residuals
{
    /// <summary>Below this magnitude the error of a binary64 product may itself underflow: 2^-900 (needed: 2^-970).</summary>
    private const double LeastProduct64 = 1.18e-271;
    /// <summary>The same for binary32: 2^-80 (needed: 2^-103).</summary>
    private const float LeastProduct32 = 8.3e-25f;

    /// <summary>Knuth's TwoSum: the rounding error of a + b.</summary>
    public static Vector128<T> Sum<T>(Vector128<T> a, Vector128<T> b, Vector128<T> sum)
    {
        Vector128<T> partOfB = sum - a;
        return (a - (sum - partOfB)) + (b - partOfB);
    }

    /// <summary>a · b − product. Also the remainder of a division and of a square root.</summary>
    public static Vector128<double> Product(Vector128<double> a, Vector128<double> b, Vector128<double> product)
        => Fma.IsSupported
            ? Fma.MultiplySubtract(a, b, product)
                | Vector128.LessThan(Vector128.Abs(product), Vector128.Create(LeastProduct64))
            : Vector128<double>.AllBitsSet;

    /// <inheritdoc cref="Product(Vector128{double}, Vector128{double}, Vector128{double})"/>
    public static Vector128<float> Product(Vector128<float> a, Vector128<float> b, Vector128<float> product)
        => Fma.IsSupported
            ? Fma.MultiplySubtract(a, b, product)
                | Vector128.LessThan(Vector128.Abs(product), Vector128.Create(LeastProduct32))
            : Vector128<float>.AllBitsSet;

    /// <summary>Whether all lanes are ±0.</summary>
    public static bool AreZero(Vector128<double> residual) => Vector128.EqualsAll(residual, Vector128<double>.Zero);

    /// <inheritdoc cref="AreZero(Vector128{double})"/>
    public static bool AreZero(Vector128<float> residual) => Vector128.EqualsAll(residual, Vector128<float>.Zero);
}
