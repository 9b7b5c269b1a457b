using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Whether SSE, AVX and x87 instructions may run in the mode that a block is built for (SDM vol. 3, 2.5 and 14.1; vol. 2A, 2.4).</summary>
internal static class FloatGate
{
    /// <summary>Emits #UD or #NM and returns false where an SSE or AVX instruction may not run.</summary>
    public static bool AllowsVector(BlockBuilder b)
        => b.Instruction.Encoding == EncodingKind.Legacy ? VectorBuild.IsSseAvailable(b) : VectorBuild.IsAvxAvailable(b);

    /// <summary>Emits #NM and returns false where an x87 instruction may not run (CR0.EM, CR0.TS).</summary>
    public static bool AllowsX87(BlockBuilder b) => IsAvailable(b, CodeMode.TaskSwitched | CodeMode.Emulate);

    /// <summary>The same for WAIT, which CR0.EM leaves alone and CR0.TS stops only together with CR0.MP.</summary>
    public static bool AllowsWait(BlockBuilder b)
        => (b.Mode & CodeMode.Monitor) == 0 || IsAvailable(b, CodeMode.TaskSwitched);

    private static unsafe bool IsAvailable(BlockBuilder b, CodeMode obstacles)
    {
        if ((b.Mode & obstacles) == 0) return true;
        b.EmitEnd(&Fault.DeviceNotAvailableOp);
        return false;
    }
}
