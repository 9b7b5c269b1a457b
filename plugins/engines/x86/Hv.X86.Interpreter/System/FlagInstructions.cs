using System.Runtime.CompilerServices;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>CLI, STI, PUSHF, POPF, CLAC and STAC (SDM vol. 1, 5.1.11; vol. 2). Imm is the operand size in bytes.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class FlagInstructions
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Cli, &Clear);
        table.Add(Code.Sti, &Enable);
        table.Add([Code.Pushfw, Code.Pushfd, Code.Pushfq], &Push);
        table.Add([Code.Popfw, Code.Popfd, Code.Popfq], &Pop);
        table.Add(Code.Clac, &ClearAlignmentCheck);
        table.Add(Code.Stac, &SetAlignmentCheck);
    }

    private static void Clear(BlockBuilder b) => b.Emit(&ClearOp);
    private static void Enable(BlockBuilder b) => b.EmitEnd(&EnableOp);

    private static void Push(BlockBuilder b)
    {
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.Emit(&PushOp);
    }

    private static void Pop(BlockBuilder b)
    {
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.EmitEnd(&PopOp);
    }

    private static void ClearAlignmentCheck(BlockBuilder b) => b.Emit(&ClearAlignmentCheckOp);
    private static void SetAlignmentCheck(BlockBuilder b) => b.Emit(&SetAlignmentCheckOp);

    [MethodImpl(Jit.Handler)]
    private static void ClearOp(Cpu* cpu, Op* op)
    {
        if (!FlagRules.Clear(cpu))
        {
            Fault.Synchronise(cpu, op);
            return;
        }
        Chain.Next(cpu, op);
    }

    private static void EnableOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        if (FlagRules.Enable(cpu))
            SystemOp.Complete(cpu, next);
    }

    [MethodImpl(Jit.Handler)]
    private static void PushOp(Cpu* cpu, Op* op)
    {
        if (!PushImage(cpu, (int)op->Imm))
        {
            Fault.Synchronise(cpu, op);
            return;
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool PushImage(Cpu* cpu, int size)
    {
        StackFrame stack = StackFrame.Current(cpu);
        if (!FlagRules.TryGetImage(cpu, size, out ulong image) || !stack.Push(image, size))
            return false;
        stack.Commit();
        return true;
    }

    private static void PopOp(Cpu* cpu, Op* op)
    {
        int size = (int)op->Imm;
        ulong next = SystemOp.Begin(cpu, op);
        StackFrame stack = StackFrame.Current(cpu);
        if (FlagRules.IsMonitored(cpu) && ((cpu->Cr4 & Cr4.Vme) == 0 || size != 2))
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        if (!stack.Pop(out ulong image, size) || !FlagRules.Pop(cpu, image, size))
            return;
        stack.Commit();
        SystemOp.CompleteRefreshed(cpu, next);
    }

    [MethodImpl(Jit.Handler)]
    private static void ClearAlignmentCheckOp(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl != 0)
        {
            Fault.InvalidOpcode(cpu, op);
            return;
        }
        cpu->Rflags &= ~Rflags.Ac;
        CpuMode.SelectTlb(cpu);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SetAlignmentCheckOp(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl != 0)
        {
            Fault.InvalidOpcode(cpu, op);
            return;
        }
        cpu->Rflags |= Rflags.Ac;
        CpuMode.SelectTlb(cpu);
        Chain.Next(cpu, op);
    }
}
