namespace Hv.X86.FloatingPoint;

/// <summary>The SSE control and status register (SDM vol. 1, 10.2.3) as a value.</summary>
/// <param name="value">The register.</param>
public readonly struct Mxcsr(uint value)
{
    /// <summary>The register after power-on and INIT: everything masked, to nearest.</summary>
    public const uint PowerOn = 0x1F80;
    /// <summary>Bits that may be written; setting another raises #GP(0).</summary>
    public const uint Writable = 0xFFFF;

    /// <summary>The register.</summary>
    public uint Value => value;
    /// <summary>RC.</summary>
    public FpRounding Rounding => (FpRounding)((value >> 13) & 3);
    /// <summary>DAZ.</summary>
    public bool DenormalsAreZero => (value & 0x40) != 0;
    /// <summary>FTZ; it only acts while underflow is masked.</summary>
    public bool FlushToZero => (value & 0x8000) != 0;
    /// <summary>The exceptions whose mask bits are set.</summary>
    public FpExceptions Masked => (FpExceptions)((value >> 7) & 0x3F);

    /// <summary>The same with another rounding control.</summary>
    public Mxcsr WithRounding(FpRounding rounding) => new((value & ~0x6000u) | ((uint)rounding << 13));
    /// <summary>The same without FTZ.</summary>
    public Mxcsr WithoutFlushToZero() => new(value & ~0x8000u);
    /// <summary>The same without DAZ.</summary>
    public Mxcsr WithoutDenormalsAreZero() => new(value & ~0x40u);

    /// <summary>Adds <paramref name="raised"/> to the sticky flags of <paramref name="mxcsr"/> and returns what of it is
    /// unmasked: not zero means that the destination keeps its value and #XM follows. An unmasked pre-computation exception
    /// in any element keeps the post-computation flags of all from being set (SDM vol. 1, 11.5.3.2).</summary>
    public static FpExceptions Raise(ref uint mxcsr, FpExceptions raised)
    {
        raised &= FpExceptions.All;
        FpExceptions unmasked = raised & ~new Mxcsr(mxcsr).Masked;
        if ((unmasked & FpExceptions.PreComputation) != 0)
        {
            raised &= FpExceptions.PreComputation;
        }
        mxcsr |= (uint)raised;
        return unmasked;
    }
}
