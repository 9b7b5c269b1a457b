namespace Hv.X86.FloatingPoint;

/// <summary>The constants with instructions of their own.</summary>
public enum X87Constant
{
    /// <summary>FLDPI.</summary>
    Pi,
    /// <summary>FLDL2E.</summary>
    Log2E,
    /// <summary>FLDL2T.</summary>
    Log2Ten,
    /// <summary>FLDLG2.</summary>
    Log10Two,
    /// <summary>FLDLN2.</summary>
    Ln2,
}
