using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Far JMP, CALL and RET, IRET, INT n, INT1, INT3 and INTO (SDM vol. 1, 5.1.7). Imm is a direct far pointer's offset, Aux its
/// selector; Src the operand size in bytes.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class FarInstructions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Jmp_ptr1616, Code.Jmp_ptr1632], &JumpDirect);
        table.Add([Code.Call_ptr1616, Code.Call_ptr1632], &CallDirect);
        table.Add([Code.Jmp_m1616, Code.Jmp_m1632, Code.Jmp_m1664], &JumpIndirect);
        table.Add([Code.Call_m1616, Code.Call_m1632, Code.Call_m1664], &CallIndirect);
        table.Add([Code.Retfw, Code.Retfd, Code.Retfq], &Return);
        table.Add([Code.Retfw_imm16, Code.Retfd_imm16, Code.Retfq_imm16], &ReturnAndRelease);
        table.Add([Code.Iretw, Code.Iretd, Code.Iretq], &InterruptReturn);
        table.Add(Code.Int_imm8, &Interrupt);
        table.Add(Code.Int3, &Breakpoint);
        table.Add(Code.Into, &Overflow);
        table.Add(Code.Int1, &DebugTrap);
    }

    private static void Direct(BlockBuilder b, delegate*<Cpu*, Op*, void> handler)
    {
        bool is16 = b.Instruction.GetOpKind(0) == OpKind.FarBranch16;
        b.Op->Imm = is16 ? b.Instruction.FarBranch16 : b.Instruction.FarBranch32;
        b.Op->Aux = b.Instruction.FarBranchSelector;
        b.Op->Src = (ushort)(is16 ? 2 : 4);
        b.EmitEnd(handler);
    }

    private static void Sized(BlockBuilder b, delegate*<Cpu*, Op*, void> handler)
    {
        b.Op->Src = (ushort)SystemOp.OperandBytes(b);
        b.EmitEnd(handler);
    }

    private static void JumpDirect(BlockBuilder b) => Direct(b, &JumpDirectOp);
    private static void CallDirect(BlockBuilder b) => Direct(b, &CallDirectOp);
    private static void JumpIndirect(BlockBuilder b) => Sized(b, &JumpIndirectOp);
    private static void CallIndirect(BlockBuilder b) => Sized(b, &CallIndirectOp);
    private static void Return(BlockBuilder b) => Sized(b, &ReturnOp);
    private static void InterruptReturn(BlockBuilder b) => Sized(b, &InterruptReturnOp);

    private static void ReturnAndRelease(BlockBuilder b)
    {
        b.Op->Aux = b.Instruction.Immediate16;
        Sized(b, &ReturnOp);
    }

    private static void Interrupt(BlockBuilder b)
    {
        b.Op->Aux = b.Instruction.Immediate8;
        b.EmitEnd(&InterruptOp);
    }

    private static void Breakpoint(BlockBuilder b) => b.EmitEnd(&BreakpointOp);
    private static void Overflow(BlockBuilder b) => b.EmitEnd(&OverflowOp);
    private static void DebugTrap(BlockBuilder b) => b.EmitEnd(&DebugTrapOp);

    private static void JumpDirectOp(Cpu* cpu, Op* op)
    {
        (ushort selector, ulong offset, int size) = (op->Aux, (ulong)op->Imm, op->Src);
        ulong next = SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarTransfer.Jump(cpu, selector, offset, next));
    }

    private static void CallDirectOp(Cpu* cpu, Op* op)
    {
        (ushort selector, ulong offset, int size) = (op->Aux, (ulong)op->Imm, op->Src);
        ulong next = SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarTransfer.Call(cpu, selector, offset, size, next));
    }

    private static void JumpIndirectOp(Cpu* cpu, Op* op)
    {
        int size = op->Src;
        if (!FarPointer.TryRead(cpu, op, size, out ulong offset, out ushort selector))
            return;
        ulong next = SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarTransfer.Jump(cpu, selector, offset, next));
    }

    private static void CallIndirectOp(Cpu* cpu, Op* op)
    {
        int size = op->Src;
        if (!FarPointer.TryRead(cpu, op, size, out ulong offset, out ushort selector))
            return;
        ulong next = SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarTransfer.Call(cpu, selector, offset, size, next));
    }

    private static void ReturnOp(Cpu* cpu, Op* op)
    {
        (int size, ushort release) = (op->Src, op->Aux);
        SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarReturn.Return(cpu, size, release));
    }

    private static void InterruptReturnOp(Cpu* cpu, Op* op)
    {
        int size = op->Src;
        ulong next = SystemOp.Begin(cpu, op);
        SystemOp.CompleteTransfer(cpu, FarReturn.InterruptReturn(cpu, size, next));
    }

    private static void InterruptOp(Cpu* cpu, Op* op) => Raise(cpu, op, (byte)op->Aux, Fault.SoftwareInterrupt);

    private static void BreakpointOp(Cpu* cpu, Op* op) => Raise(cpu, op, Fault.Bp, Fault.SoftwareException);

    private static void DebugTrapOp(Cpu* cpu, Op* op) => Raise(cpu, op, Fault.Db, Fault.PrivilegedSoftware);

    private static void OverflowOp(Cpu* cpu, Op* op)
    {
        if (Flags.IsOverflow(cpu))
            Raise(cpu, op, Fault.Of, Fault.SoftwareException);
        else
            Chain.Leave(cpu, op);
    }

    /// <summary>The delivery retires the instruction (<see cref="EventDelivery"/>), because only then it has completed.</summary>
    private static void Raise(Cpu* cpu, Op* op, byte vector, byte type)
    {
        Fault.Record(cpu, vector, type, false, 0);
        cpu->EventLength = op->Length;
        Fault.Synchronise(cpu, op);
    }
}
