using System.Runtime.CompilerServices;
using Iced.Intel;
using static Hv.X86.Interpreter.InstructionPointer;

namespace Hv.X86.Interpreter;

/// <summary>Near jumps, calls, returns and loops (SDM vol. 1, 5.1.7).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class ControlTransfer
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Jo_rel8_16, Code.Jo_rel8_32, Code.Jo_rel8_64, Code.Jo_rel16, Code.Jo_rel32_32,
            Code.Jo_rel32_64], &BranchForms.Jcc<Conditions.O>);
        table.Add([Code.Jno_rel8_16, Code.Jno_rel8_32, Code.Jno_rel8_64, Code.Jno_rel16, Code.Jno_rel32_32,
            Code.Jno_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.O>>);
        table.Add([Code.Jb_rel8_16, Code.Jb_rel8_32, Code.Jb_rel8_64, Code.Jb_rel16, Code.Jb_rel32_32,
            Code.Jb_rel32_64], &BranchForms.Jcc<Conditions.B>);
        table.Add([Code.Jae_rel8_16, Code.Jae_rel8_32, Code.Jae_rel8_64, Code.Jae_rel16, Code.Jae_rel32_32,
            Code.Jae_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.B>>);
        table.Add([Code.Je_rel8_16, Code.Je_rel8_32, Code.Je_rel8_64, Code.Je_rel16, Code.Je_rel32_32,
            Code.Je_rel32_64], &BranchForms.Jcc<Conditions.E>);
        table.Add([Code.Jne_rel8_16, Code.Jne_rel8_32, Code.Jne_rel8_64, Code.Jne_rel16, Code.Jne_rel32_32,
            Code.Jne_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.E>>);
        table.Add([Code.Jbe_rel8_16, Code.Jbe_rel8_32, Code.Jbe_rel8_64, Code.Jbe_rel16, Code.Jbe_rel32_32,
            Code.Jbe_rel32_64], &BranchForms.Jcc<Conditions.Be>);
        table.Add([Code.Ja_rel8_16, Code.Ja_rel8_32, Code.Ja_rel8_64, Code.Ja_rel16, Code.Ja_rel32_32,
            Code.Ja_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.Be>>);
        table.Add([Code.Js_rel8_16, Code.Js_rel8_32, Code.Js_rel8_64, Code.Js_rel16, Code.Js_rel32_32,
            Code.Js_rel32_64], &BranchForms.Jcc<Conditions.S>);
        table.Add([Code.Jns_rel8_16, Code.Jns_rel8_32, Code.Jns_rel8_64, Code.Jns_rel16, Code.Jns_rel32_32,
            Code.Jns_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.S>>);
        table.Add([Code.Jp_rel8_16, Code.Jp_rel8_32, Code.Jp_rel8_64, Code.Jp_rel16, Code.Jp_rel32_32,
            Code.Jp_rel32_64], &BranchForms.Jcc<Conditions.P>);
        table.Add([Code.Jnp_rel8_16, Code.Jnp_rel8_32, Code.Jnp_rel8_64, Code.Jnp_rel16, Code.Jnp_rel32_32,
            Code.Jnp_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.P>>);
        table.Add([Code.Jl_rel8_16, Code.Jl_rel8_32, Code.Jl_rel8_64, Code.Jl_rel16, Code.Jl_rel32_32,
            Code.Jl_rel32_64], &BranchForms.Jcc<Conditions.L>);
        table.Add([Code.Jge_rel8_16, Code.Jge_rel8_32, Code.Jge_rel8_64, Code.Jge_rel16, Code.Jge_rel32_32,
            Code.Jge_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.L>>);
        table.Add([Code.Jle_rel8_16, Code.Jle_rel8_32, Code.Jle_rel8_64, Code.Jle_rel16, Code.Jle_rel32_32,
            Code.Jle_rel32_64], &BranchForms.Jcc<Conditions.Le>);
        table.Add([Code.Jg_rel8_16, Code.Jg_rel8_32, Code.Jg_rel8_64, Code.Jg_rel16, Code.Jg_rel32_32,
            Code.Jg_rel32_64], &BranchForms.Jcc<Conditions.Not<Conditions.Le>>);

        table.Add([Code.Jmp_rel8_16, Code.Jmp_rel8_32, Code.Jmp_rel8_64, Code.Jmp_rel16, Code.Jmp_rel32_32,
            Code.Jmp_rel32_64], &BranchForms.Jmp);
        table.Add([Code.Call_rel16, Code.Call_rel32_32, Code.Call_rel32_64], &BranchForms.Call);
        table.Add(Code.Jmp_rm16, &JmpIndirect<Ip16, ushort>);
        table.Add(Code.Jmp_rm32, &JmpIndirect<Ip32, uint>);
        table.Add(Code.Jmp_rm64, &JmpIndirect<Ip64, ulong>);
        table.Add(Code.Call_rm16, &CallIndirect<Ip16, ushort>);
        table.Add(Code.Call_rm32, &CallIndirect<Ip32, uint>);
        table.Add(Code.Call_rm64, &CallIndirect<Ip64, ulong>);
        table.Add([Code.Retnw, Code.Retnw_imm16], &Ret<Ip16, ushort>);
        table.Add([Code.Retnd, Code.Retnd_imm16], &Ret<Ip32, uint>);
        table.Add([Code.Retnq, Code.Retnq_imm16], &Ret<Ip64, ulong>);

        table.Add([Code.Loop_rel8_16_CX, Code.Loop_rel8_32_CX], &Loop<ushort, Always>);
        table.Add([Code.Loop_rel8_16_ECX, Code.Loop_rel8_32_ECX, Code.Loop_rel8_64_ECX], &Loop<uint, Always>);
        table.Add([Code.Loop_rel8_16_RCX, Code.Loop_rel8_64_RCX], &Loop<ulong, Always>);
        table.Add([Code.Loope_rel8_16_CX, Code.Loope_rel8_32_CX], &Loop<ushort, Conditions.E>);
        table.Add([Code.Loope_rel8_16_ECX, Code.Loope_rel8_32_ECX, Code.Loope_rel8_64_ECX], &Loop<uint, Conditions.E>);
        table.Add([Code.Loope_rel8_16_RCX, Code.Loope_rel8_64_RCX], &Loop<ulong, Conditions.E>);
        table.Add([Code.Loopne_rel8_16_CX, Code.Loopne_rel8_32_CX], &Loop<ushort, Conditions.Not<Conditions.E>>);
        table.Add([Code.Loopne_rel8_16_ECX, Code.Loopne_rel8_32_ECX, Code.Loopne_rel8_64_ECX], &Loop<uint,
            Conditions.Not<Conditions.E>>);
        table.Add([Code.Loopne_rel8_16_RCX, Code.Loopne_rel8_64_RCX], &Loop<ulong, Conditions.Not<Conditions.E>>);
        table.Add([Code.Jcxz_rel8_16, Code.Jcxz_rel8_32], &BranchForms.JccAlone<CounterIsZero<ushort>>);
        table.Add([Code.Jecxz_rel8_16, Code.Jecxz_rel8_32, Code.Jecxz_rel8_64], &BranchForms.JccAlone<CounterIsZero<uint>>);
        table.Add([Code.Jrcxz_rel8_16, Code.Jrcxz_rel8_64], &BranchForms.JccAlone<CounterIsZero<ulong>>);
    }

    private static void JmpIndirect<TIp, T>(BlockBuilder b) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        if (b.IsMemory(0))
        {
            b.EmitEnd(&JmpMem<TIp, T>);
            return;
        }
        b.Op->Src = b.Register(0);
        b.EmitEnd(&JmpReg<TIp, T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void JmpReg<TIp, T>(Cpu* cpu, Op* op) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        ulong target = Int.Reg<T>(cpu, op->Src);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Chain.Indirect(cpu, op, target);
    }

    [MethodImpl(Jit.Handler)]
    private static void JmpMem<TIp, T>(Cpu* cpu, Op* op) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        ulong target = Int.From(value);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Chain.Indirect(cpu, op, target);
    }

    private static void CallIndirect<TIp, T>(BlockBuilder b) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        if (b.Is64) CallIndirect<TIp, T, Stack.S64>(b);
        else if (b.HasFlatStack) CallIndirect<TIp, T, Stack.Flat32>(b);
        else CallIndirect<TIp, T, Stack.Segmented>(b);
    }

    private static void CallIndirect<TIp, T, TStack>(BlockBuilder b)
        where TIp : struct, IInstructionPointer where T : unmanaged where TStack : struct, IStack
    {
        if (b.IsMemory(0))
        {
            b.EmitEnd(&CallMem<TIp, T, TStack>);
            return;
        }
        b.Op->Src = b.Register(0);
        b.EmitEnd(&CallReg<TIp, T, TStack>);
    }

    [MethodImpl(Jit.Handler)]
    private static void CallReg<TIp, T, TStack>(Cpu* cpu, Op* op)
        where TIp : struct, IInstructionPointer where T : unmanaged where TStack : struct, IStack
    {
        ulong target = Int.Reg<T>(cpu, op->Src);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        if (!Stack.Push<T, TStack>(cpu, op, cpu->Rip + (uint)op->NextOffset)) return;
        Chain.Indirect(cpu, op, target);
    }

    [MethodImpl(Jit.Handler)]
    private static void CallMem<TIp, T, TStack>(Cpu* cpu, Op* op)
        where TIp : struct, IInstructionPointer where T : unmanaged where TStack : struct, IStack
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        ulong target = Int.From(value);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        if (!Stack.Push<T, TStack>(cpu, op, cpu->Rip + (uint)op->NextOffset)) return;
        Chain.Indirect(cpu, op, target);
    }

    private static void Ret<TIp, T>(BlockBuilder b) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        b.Op->Imm = sizeof(T) + (b.Instruction.OpCount == 1 ? (long)b.Instruction.Immediate16 : 0);
        if (b.Is64) b.EmitEnd(&Ret<TIp, T, Stack.S64>);
        else if (b.HasFlatStack) b.EmitEnd(&Ret<TIp, T, Stack.Flat32>);
        else b.EmitEnd(&Ret<TIp, T, Stack.Segmented>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Ret<TIp, T, TStack>(Cpu* cpu, Op* op)
        where TIp : struct, IInstructionPointer where T : unmanaged where TStack : struct, IStack
    {
        if (!Stack.Peek<T, TStack>(cpu, op, out T value)) return;
        ulong target = Int.From(value);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Stack.Drop<TStack>(cpu, (ulong)op->Imm);
        Chain.Indirect(cpu, op, target);
    }

    private static void Loop<TCounter, TCondition>(BlockBuilder b)
        where TCounter : unmanaged where TCondition : struct, ICondition
    {
        b.Op->Imm = b.BranchTarget();
        switch (b.Instruction.Op0Kind)
        {
            case OpKind.NearBranch16: b.EmitBranch(&Loop<TCounter, TCondition, Ip16>); break;
            case OpKind.NearBranch32: b.EmitBranch(&Loop<TCounter, TCondition, Ip32>); break;
            default: b.EmitBranch(&Loop<TCounter, TCondition, Ip64>); break;
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void Loop<TCounter, TCondition, TIp>(Cpu* cpu, Op* op)
        where TCounter : unmanaged where TCondition : struct, ICondition where TIp : struct, IInstructionPointer
    {
        const ushort rcx = 8;
        ulong counter = Int.Zext<TCounter>(Int.Reg<TCounter>(cpu, rcx) - 1);
        ulong target = TIp.Cut(cpu->Rip + (ulong)op->Imm);
        bool isTaken = counter != 0 && TCondition.Test(cpu);
        if (isTaken && !TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Int.SetReg<TCounter>(cpu, rcx, counter);
        if (isTaken) Chain.FollowFar(cpu, op, (Link*)(op + 1), target);
        else Chain.FollowFar(cpu, op, (Link*)(op + 2), Fault.Truncate(cpu, cpu->Rip + (uint)op->NextOffset));
    }

    /// <summary>LOOP without a condition on ZF.</summary>
    private readonly struct Always : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => true;
        public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => true;
        public static bool Logic<T>(ulong r) where T : unmanaged => true;
    }

    /// <summary>JCXZ, JECXZ, JRCXZ. Built alone: it reads no flags.</summary>
    internal readonly struct CounterIsZero<TCounter> : ICondition where TCounter : unmanaged
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Int.Zext<TCounter>(cpu->Gpr[1]) == 0;
        public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => false;
        public static bool Logic<T>(ulong r) where T : unmanaged => false;
    }
}
