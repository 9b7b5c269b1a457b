using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Near jumps, calls and returns (SDM vol. 1, 5.1.7).</summary>
internal static unsafe class ControlTransfer
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Jo_rel8_64, Code.Jo_rel32_64], &Jcc<Conditions.O>);
    }

    private static void Jcc<TCondition>(BlockBuilder b) where TCondition : struct, ICondition
    {
        b.Op->Imm = b.BranchTarget();
        b.EmitBranch(&Jcc64<TCondition>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Jcc64<TCondition>(Cpu* cpu, Op* op) where TCondition : struct, ICondition
    {
        if (TCondition.Test(cpu)) Chain.FollowFar(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Imm);
        else Chain.FollowFar(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset);
    }
}
