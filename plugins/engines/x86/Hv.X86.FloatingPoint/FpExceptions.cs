namespace Hv.X86.FloatingPoint;

/// <summary>The six numeric exceptions, in the bit order of MXCSR[5:0], of the x87 status word and of both sets of mask bits
/// (SDM vol. 1, 4.9.1, 8.1.3.3, 10.2.3).</summary>
[Flags]
public enum FpExceptions : uint
{
    /// <summary>Nothing was raised.</summary>
    None = 0,
    /// <summary>IE: an invalid operation.</summary>
    Invalid = 1,
    /// <summary>DE: a denormal operand.</summary>
    Denormal = 2,
    /// <summary>ZE: a finite number divided by zero.</summary>
    ZeroDivide = 4,
    /// <summary>OE: the rounded result exceeds the format.</summary>
    Overflow = 8,
    /// <summary>UE: the result is tiny (and, when masked, inexact).</summary>
    Underflow = 16,
    /// <summary>PE: the result was rounded.</summary>
    Precision = 32,
    /// <summary>SF: an invalid operation because an x87 register was empty or occupied; comes with IE. x87 only.</summary>
    StackFault = 64,
    /// <summary>C1 at its place in the x87 status word: rounding increased the magnitude. Only x87 looks at it.</summary>
    RoundedUp = 512,
    /// <summary>Those that are found before the operation is carried out (SDM vol. 1, 4.9.2).</summary>
    PreComputation = Invalid | Denormal | ZeroDivide,
    /// <summary>Those that are found in the result.</summary>
    PostComputation = Overflow | Underflow | Precision,
    /// <summary>The six numeric exceptions.</summary>
    All = PreComputation | PostComputation,
}
