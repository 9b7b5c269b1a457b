namespace Hv.X86.FloatingPoint;

/// <summary>How two values compare; one of four bits, so that a predicate is a set of them.</summary>
[Flags]
public enum FpRelation
{
    /// <summary>None: the empty predicate.</summary>
    None = 0,
    /// <summary>a &lt; b.</summary>
    Less = 1,
    /// <summary>a = b.</summary>
    Equal = 2,
    /// <summary>a &gt; b.</summary>
    Greater = 4,
    /// <summary>One of them is a NaN.</summary>
    Unordered = 8,
}

/// <summary>The 32 predicates of CMPPS and VCMPPS (SDM vol. 2A, table 3-1).</summary>
public static class FpPredicate
{
    /// <summary>The relations for which predicate <paramref name="immediate"/> (0–31) is true. Bit 4 only changes whether a QNaN
    /// signals, so sixteen nibbles hold them all.</summary>
    public static FpRelation Relations(int immediate)
        => (FpRelation)((0xF465_0B9A_7CED_8312UL >> ((immediate & 15) * 4)) & 15);

    /// <summary>Whether predicate <paramref name="immediate"/> (0–31) raises IE for a QNaN.</summary>
    public static bool IsSignalling(int immediate)
        => (((0x6666 >> (immediate & 15)) ^ (immediate >> 4)) & 1) != 0;
}
