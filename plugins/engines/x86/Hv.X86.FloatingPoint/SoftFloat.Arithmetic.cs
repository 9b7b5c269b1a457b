namespace Hv.X86.FloatingPoint;

public static partial class SoftFloat<T>
{
    /// <summary>ADDPS, ADDPD, ADDSS, ADDSD: a + b.</summary>
    public static ulong Add(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        => AddSigned(a, b, negate: false, control, ref raised);

    /// <summary>SUBPS and its kin: a − b. A NaN keeps its sign.</summary>
    public static ulong Subtract(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        => AddSigned(a, b, negate: true, control, ref raised);

    private static ulong AddSigned(ulong a, ulong b, bool negate, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a) || Format<T>.IsNaN(b))
        {
            return PropagateNaN(a, b, ref raised);
        }
        if (negate)
        {
            b ^= Format<T>.Sign;
        }
        if (Format<T>.IsInfinity(a) && Format<T>.IsInfinity(b) && a != b)
        {
            return Invalid(ref raised);
        }
        a = TakeOperand(a, control, ref raised);
        b = TakeOperand(b, control, ref raised);
        if (Format<T>.IsInfinity(a) || Format<T>.IsInfinity(b))
        {
            return Format<T>.IsInfinity(a) ? a : b;
        }
        return RoundSum(Real.Add(Unpack(a), Unpack(b)), a, b, control, ref raised);
    }

    /// <summary>Rounds a sum; when it is zero, the operands' signs decide its sign.</summary>
    private static ulong RoundSum(in Real sum, ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
    {
        if (!sum.IsZero)
        {
            return Round(sum, control, ref raised);
        }
        bool bothZero = Format<T>.IsZero(a) && Format<T>.IsZero(b);
        return bothZero && a == b ? a : ZeroSum(control);
    }

    /// <summary>MULPS and its kin: a · b.</summary>
    public static ulong Multiply(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a) || Format<T>.IsNaN(b))
        {
            return PropagateNaN(a, b, ref raised);
        }
        ulong sign = (a ^ b) & Format<T>.Sign;
        if (Format<T>.IsInfinity(a) || Format<T>.IsInfinity(b))
        {
            FpExceptions denormal = FpExceptions.None;
            a = TakeOperand(a, control, ref denormal);
            b = TakeOperand(b, control, ref denormal);
            if (Format<T>.IsZero(a) || Format<T>.IsZero(b))
            {
                return Invalid(ref raised);
            }
            raised |= denormal;
            return sign | Format<T>.Infinity;
        }
        a = TakeOperand(a, control, ref raised);
        b = TakeOperand(b, control, ref raised);
        if (Format<T>.IsZero(a) || Format<T>.IsZero(b))
        {
            return sign;
        }
        return Round(Real.Multiply(Unpack(a), Unpack(b)), control, ref raised);
    }

    /// <summary>DIVPS and its kin: a / b.</summary>
    public static ulong Divide(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a) || Format<T>.IsNaN(b))
        {
            return PropagateNaN(a, b, ref raised);
        }
        ulong sign = (a ^ b) & Format<T>.Sign;
        if (Format<T>.IsInfinity(a) && Format<T>.IsInfinity(b))
        {
            return Invalid(ref raised);
        }
        FpExceptions denormal = FpExceptions.None;
        a = TakeOperand(a, control, ref denormal);
        b = TakeOperand(b, control, ref denormal);
        if (Format<T>.IsZero(b) && !Format<T>.IsInfinity(a))
        {
            if (Format<T>.IsZero(a))
            {
                return Invalid(ref raised);
            }
            raised |= FpExceptions.ZeroDivide;
            return sign | Format<T>.Infinity;
        }
        raised |= denormal;
        if (Format<T>.IsInfinity(a))
        {
            return sign | Format<T>.Infinity;
        }
        if (Format<T>.IsInfinity(b) || Format<T>.IsZero(a))
        {
            return sign;
        }
        return Round(Real.Divide(Unpack(a), Unpack(b)), control, ref raised);
    }

    /// <summary>SQRTPS and its kin. √−0 is −0.</summary>
    public static ulong SquareRoot(ulong a, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a))
        {
            return PropagateNaN(a, a, ref raised);
        }
        FpExceptions denormal = FpExceptions.None;
        a = TakeOperand(a, control, ref denormal);
        if (Format<T>.IsZero(a))
        {
            return a;
        }
        if (Format<T>.IsNegative(a))
        {
            return Invalid(ref raised);
        }
        raised |= denormal;
        return Format<T>.IsInfinity(a) ? a : Round(Real.SquareRoot(Unpack(a)), control, ref raised);
    }

    /// <summary>The fused forms: ±(a · b) ± c with one rounding (SDM vol. 1, 14.5.2). NaNs keep their sign; the first NaN in the
    /// order a, b, c is the result.</summary>
    /// <param name="a">Multiplicand.</param>
    /// <param name="b">Multiplier.</param>
    /// <param name="c">Addend.</param>
    /// <param name="negateProduct">VFNMADD, VFNMSUB.</param>
    /// <param name="negateAddend">VFMSUB, VFNMSUB.</param>
    /// <param name="control">MXCSR.</param>
    /// <param name="raised">Takes the exceptions.</param>
    public static ulong FusedMultiplyAdd(
        ulong a, ulong b, ulong c, bool negateProduct, bool negateAddend, Mxcsr control, ref FpExceptions raised)
    {
        if (Format<T>.IsNaN(a) || Format<T>.IsNaN(b) || Format<T>.IsNaN(c))
        {
            FpExceptions quiet = FpExceptions.None;
            ulong ab = Format<T>.IsNaN(a) || Format<T>.IsNaN(b) ? PropagateNaN(a, b, ref raised) : 0;
            ulong nan = PropagateNaN(c, c, ref quiet);
            raised |= Format<T>.IsSignalling(c) ? FpExceptions.Invalid : FpExceptions.None;
            return ab != 0 ? ab : nan;
        }
        if (negateProduct)
        {
            a ^= Format<T>.Sign;
        }
        if (negateAddend)
        {
            c ^= Format<T>.Sign;
        }
        FpExceptions denormal = FpExceptions.None;
        a = TakeOperand(a, control, ref denormal);
        b = TakeOperand(b, control, ref denormal);
        c = TakeOperand(c, control, ref denormal);
        ulong sign = (a ^ b) & Format<T>.Sign;
        bool infiniteProduct = Format<T>.IsInfinity(a) || Format<T>.IsInfinity(b);
        if ((infiniteProduct && (Format<T>.IsZero(a) || Format<T>.IsZero(b)))
            || (infiniteProduct && Format<T>.IsInfinity(c) && (c & Format<T>.Sign) != sign))
        {
            return Invalid(ref raised);
        }
        raised |= denormal;
        if (infiniteProduct)
        {
            return sign | Format<T>.Infinity;
        }
        if (Format<T>.IsInfinity(c))
        {
            return c;
        }
        if (Format<T>.IsZero(a) || Format<T>.IsZero(b))
        {
            return Format<T>.IsZero(c) ? RoundSum(default, sign, c, control, ref raised) : Round(Unpack(c), control, ref raised);
        }
        Real sum = Real.Add(Real.Multiply(Unpack(a), Unpack(b)), Unpack(c));
        return sum.IsZero ? ZeroSum(control) : Round(sum, control, ref raised);
    }

    /// <summary>MINPS and its kin: b when either is a NaN or both are zeros (SDM vol. 2B, MINPS).</summary>
    public static ulong Minimum(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        => Select(a, b, FpRelation.Less, control, ref raised);

    /// <summary>MAXPS and its kin: b when either is a NaN or both are zeros (SDM vol. 2B, MAXPS).</summary>
    public static ulong Maximum(ulong a, ulong b, Mxcsr control, ref FpExceptions raised)
        => Select(a, b, FpRelation.Greater, control, ref raised);

    private static ulong Select(ulong a, ulong b, FpRelation wanted, Mxcsr control, ref FpExceptions raised)
    {
        FpRelation relation = Compare(a, b, signalling: true, control, ref raised);
        ulong chosen = relation == wanted ? a : b;
        return control.DenormalsAreZero && Format<T>.IsDenormal(chosen) ? chosen & Format<T>.Sign : chosen;
    }
}
