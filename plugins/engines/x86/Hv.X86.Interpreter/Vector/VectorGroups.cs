namespace Hv.X86.Interpreter;

/// <summary>Integer vectors, cryptography, state saving (FXSAVE, XSAVE).</summary>
internal static class VectorGroups
{
    /// <summary>Enters the rows of every group in this folder.</summary>
    public static void Register(OpTable table)
    {
        LaneGroup.Register(table);
        ShuffleGroup.Register(table);
        MoveGroup.Register(table);
        ElementGroup.Register(table);
        Avx2Group.Register(table);
        StringCompareGroup.Register(table);
        CryptoGroup.Register(table);
    }
}
