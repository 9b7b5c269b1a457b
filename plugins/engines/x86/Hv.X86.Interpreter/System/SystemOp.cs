using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>The frame of a system instruction's handler, which ends its block: <see cref="Begin"/> makes Rip and Retired its own, so that
/// the methods behind it need no Op and simply return false after recording a fault; then <see cref="Complete"/>. Memory operands are
/// addressed and read before <see cref="Begin"/>, because those accesses take the Op.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class SystemOp
{
    /// <summary>Makes Rip and Retired those of this instruction; gives the next one's address.</summary>
    public static ulong Begin(Cpu* cpu, Op* op)
    {
        Fault.Synchronise(cpu, op);
        return Fault.Truncate(cpu, cpu->Rip + op->Length);
    }

    /// <summary>The instruction is done; goes on at <paramref name="rip"/>.</summary>
    public static void Complete(Cpu* cpu, ulong rip)
    {
        cpu->Rip = rip;
        cpu->Retired++;
    }

    /// <summary>As <see cref="Complete"/> after a change of mode.</summary>
    public static void CompleteRefreshed(Cpu* cpu, ulong rip)
    {
        Complete(cpu, rip);
        CpuMode.Refresh(cpu);
    }

    /// <summary>Ends a transfer, which has set Rip itself if it succeeded.</summary>
    public static void CompleteTransfer(Cpu* cpu, bool isDone)
    {
        if (isDone)
            cpu->Retired++;
        // Also after a fault: a task switch faults in the new task.
        CpuMode.Refresh(cpu);
    }

    /// <summary>CPL 0, or #GP(0) at this instruction.</summary>
    public static bool RequirePrivilege(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl == 0)
            return true;
        Fault.GeneralProtection(cpu, op);
        return false;
    }

    /// <summary>Not forbidden by CR4.UMIP, or #GP(0) at this instruction (SDM vol. 3, 2.5).</summary>
    public static bool RequireUnprevented(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl == 0 || (cpu->Cr4 & Cr4.Umip) == 0)
            return true;
        Fault.GeneralProtection(cpu, op);
        return false;
    }

    /// <summary>Writes a register operand of the instruction's size.</summary>
    public static void SetRegister(Cpu* cpu, ushort offset, int bytes, ulong value)
    {
        if (bytes == 2)
            Int.SetReg<ushort>(cpu, offset, value);
        else if (bytes == 4)
            Int.SetReg<uint>(cpu, offset, value);
        else
            Int.SetReg<ulong>(cpu, offset, value);
    }

    /// <summary>Bytes of the instruction's operand size.</summary>
    public static int OperandBytes(BlockBuilder b) => b.Instruction.Code.ToOpCode().OperandSize switch { 16 => 2, 64 => 8, _ => 4 };
}
