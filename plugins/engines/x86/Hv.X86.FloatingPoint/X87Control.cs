namespace Hv.X86.FloatingPoint;

/// <summary>The x87 control word (SDM vol. 1, 8.1.5) as a value.</summary>
/// <param name="value">The register.</param>
public readonly struct X87Control(ushort value)
{
    /// <summary>The control word after FNINIT.</summary>
    public const ushort Initial = 0x037F;

    /// <summary>The register.</summary>
    public ushort Value => value;
    /// <summary>RC.</summary>
    public FpRounding Rounding => (FpRounding)((value >> 10) & 3);
    /// <summary>PC as significand bits: 24, 53 or 64 (the reserved encoding acts as 64).</summary>
    public int Precision => ((value >> 8) & 3) switch { 0 => 24, 2 => 53, _ => 64 };
    /// <summary>The exceptions whose mask bits are set.</summary>
    public FpExceptions Masked => (FpExceptions)(value & 0x3Fu);
    /// <summary>To nearest with 64 significand bits, what almost every program runs with.</summary>
    public bool IsUsual => (value & 0x0F00) == 0x0300;

    /// <summary>The MXCSR with the same rounding and masks, for conversions to the interchange formats.</summary>
    internal Mxcsr AsMxcsr() => new(((uint)(value & 0x3F) << 7) | ((uint)Rounding << 13));
}
