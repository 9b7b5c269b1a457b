namespace Hv.X86.Interpreter;

/// <summary>System instructions: segments, gates, control registers, MSRs, descriptor tables.</summary>
internal static class SystemGroups
{
    /// <summary>Enters the rows of every group in this folder.</summary>
    public static void Register(OpTable table)
    {
        SegmentInstructions.Register(table);
        FarInstructions.Register(table);
        FlagInstructions.Register(table);
        ControlInstructions.Register(table);
        TableInstructions.Register(table);
        SystemCalls.Register(table);
        ExtendedState.Register(table);
    }
}
