namespace Hv.X86.Interpreter;

/// <summary>Integer vectors, cryptography, state saving (FXSAVE, XSAVE).</summary>
internal static class VectorGroups
{
    /// <summary>Enters the rows of every group in this folder.</summary>
    public static void Register(OpTable table)
    {
    }
}
