namespace Hv.X86.Interpreter;

/// <summary>x87, SSE and AVX floating point.</summary>
internal static class FloatingPointGroups
{
    /// <summary>Enters the rows of every group in this folder.</summary>
    public static void Register(OpTable table)
    {
        FloatArithmetic.Register(table);
        FloatCompare.Register(table);
        FloatControl.Register(table);
        ScalarConversions.Register(table);
        PackedConversions.Register(table);
        FloatCombinations.Register(table);
        FusedMultiplyAdd.Register(table);
        FloatMoves.Register(table);
        FloatShuffles.Register(table);
        X87Arithmetic.Register(table);
        X87Transfer.Register(table);
        X87Comparison.Register(table);
        X87Functions.Register(table);
        X87Environment.Register(table);
    }
}
