namespace Hv.X86.FloatingPoint;

/// <summary>Rounding control, as MXCSR.RC, the x87 control word and the immediates of ROUNDPS encode it (SDM vol. 1, 4.8.4).</summary>
public enum FpRounding : uint
{
    /// <summary>To nearest, ties to even.</summary>
    Nearest = 0,
    /// <summary>Towards −∞.</summary>
    Down = 1,
    /// <summary>Towards +∞.</summary>
    Up = 2,
    /// <summary>Towards zero.</summary>
    Zero = 3,
}
