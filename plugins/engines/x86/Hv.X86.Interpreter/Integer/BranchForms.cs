using System.Runtime.CompilerServices;
using Iced.Intel;
using static Hv.X86.Interpreter.InstructionPointer;

namespace Hv.X86.Interpreter;

/// <summary>Direct branches: inside the page through links that always hold, else through links that hold in one
/// context; conditional ones run as one with a comparison before them.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class BranchForms
{
    /// <summary>A jump on flags, as one with a comparison before it where that is possible.</summary>
    public static void Jcc<TCondition>(BlockBuilder b) where TCondition : struct, ICondition
    {
        if (!FuseWithPrevious<TCondition>(b, b.BranchTarget())) JccAlone<TCondition>(b);
    }

    /// <summary>A jump on a condition that is not one of flags, or by itself.</summary>
    public static void JccAlone<TCondition>(BlockBuilder b) where TCondition : struct, ICondition
    {
        long target = b.Op->Imm = b.BranchTarget();
        switch (b.Instruction.Op0Kind)
        {
            case OpKind.NearBranch16: b.EmitBranch(&JccFar<TCondition, Ip16>); break;
            case OpKind.NearBranch32: b.EmitBranch(&JccFar<TCondition, Ip32>); break;
            default:
                if (IsLocal(b, target)) b.EmitBranch(&JccNear<TCondition>);
                else b.EmitBranch(&JccFar<TCondition, Ip64>);
                break;
        }
    }

    public static void Jmp(BlockBuilder b)
    {
        long target = b.Op->Imm = b.BranchTarget();
        switch (b.Instruction.Op0Kind)
        {
            case OpKind.NearBranch16: b.EmitBranch(&JmpFar<Ip16>); break;
            case OpKind.NearBranch32: b.EmitBranch(&JmpFar<Ip32>); break;
            default:
                if (b.IsInPage(target)) b.EmitBranch(&JmpNear);
                else b.EmitBranch(&JmpFar<Ip64>);
                break;
        }
    }

    public static void Call(BlockBuilder b)
    {
        long target = b.Op->Imm = b.BranchTarget();
        switch (b.Instruction.Op0Kind)
        {
            case OpKind.NearBranch16: Call<Ip16, ushort>(b); break;
            case OpKind.NearBranch32: Call<Ip32, uint>(b); break;
            default:
                if (b.IsInPage(target)) b.EmitBranch(&CallNear);
                else b.EmitBranch(&CallFar<Ip64, ulong, Stack.S64>);
                break;
        }
    }

    private static void Call<TIp, T>(BlockBuilder b) where TIp : struct, IInstructionPointer where T : unmanaged
    {
        if (b.HasFlatStack) b.EmitBranch(&CallFar<TIp, T, Stack.Flat32>);
        else b.EmitBranch(&CallFar<TIp, T, Stack.Segmented>);
    }

    private static bool IsLocal(BlockBuilder b, long target) => b.IsInPage(target) && b.IsInPage(b.Op->NextOffset);

    [MethodImpl(Jit.Handler)]
    private static void JccNear<TCondition>(Cpu* cpu, Op* op) where TCondition : struct, ICondition
    {
        if (TCondition.Test(cpu)) Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Imm);
        else Chain.Follow(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset);
    }

    [MethodImpl(Jit.Handler)]
    private static void JccFar<TCondition, TIp>(Cpu* cpu, Op* op)
        where TCondition : struct, ICondition where TIp : struct, IInstructionPointer
    {
        if (TCondition.Test(cpu))
        {
            ulong target = TIp.Cut(cpu->Rip + (ulong)op->Imm);
            if (!TIp.IsReachable(cpu, target))
            {
                Fault.GeneralProtection(cpu, op);
                return;
            }
            Chain.FollowFar(cpu, op, (Link*)(op + 1), target);
        }
        else
        {
            Chain.FollowFar(cpu, op, (Link*)(op + 2), Fault.Truncate(cpu, cpu->Rip + (uint)op->NextOffset));
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void JmpNear(Cpu* cpu, Op* op) => Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Imm);

    [MethodImpl(Jit.Handler)]
    private static void JmpFar<TIp>(Cpu* cpu, Op* op) where TIp : struct, IInstructionPointer
    {
        ulong target = TIp.Cut(cpu->Rip + (ulong)op->Imm);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Chain.FollowFar(cpu, op, (Link*)(op + 1), target);
    }

    [MethodImpl(Jit.Handler)]
    private static void CallNear(Cpu* cpu, Op* op)
    {
        if (!Stack.Push<ulong, Stack.S64>(cpu, op, cpu->Rip + (uint)op->NextOffset)) return;
        Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Imm);
    }

    [MethodImpl(Jit.Handler)]
    private static void CallFar<TIp, T, TStack>(Cpu* cpu, Op* op)
        where TIp : struct, IInstructionPointer where T : unmanaged where TStack : struct, IStack
    {
        ulong target = TIp.Cut(cpu->Rip + (ulong)op->Imm);
        if (!TIp.IsReachable(cpu, target))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        if (!Stack.Push<T, TStack>(cpu, op, cpu->Rip + (uint)op->NextOffset)) return;
        Chain.FollowFar(cpu, op, (Link*)(op + 1), target);
    }

    /// <summary>CMP or TEST of registers and immediates before a Jcc whose both ways stay in the page becomes one Op
    /// with it.</summary>
    private static bool FuseWithPrevious<TCondition>(BlockBuilder b, long target) where TCondition : struct, ICondition
    {
        if (!b.Is64 || b.Previous == null || b.Previous->Fn == null || !IsLocal(b, target)) return false;
        ref readonly Instruction before = ref b.PreviousInstruction;
        bool isCmp = before.Mnemonic == Mnemonic.Cmp;
        if ((!isCmp && before.Mnemonic != Mnemonic.Test) || before.Op0Kind != OpKind.Register) return false;
        bool isRegister = before.Op1Kind == OpKind.Register;
        if (!isRegister && before.Op1Kind == OpKind.Memory) return false;
        switch (before.Op0Register.GetSize())
        {
            case 1: Fuse<byte, TCondition>(b, isCmp, isRegister, target); break;
            case 2: Fuse<ushort, TCondition>(b, isCmp, isRegister, target); break;
            case 4: Fuse<uint, TCondition>(b, isCmp, isRegister, target); break;
            default: Fuse<ulong, TCondition>(b, isCmp, isRegister, target); break;
        }
        return true;
    }

    private static void Fuse<T, TCondition>(BlockBuilder b, bool isCmp, bool isRegister, long target)
        where T : unmanaged where TCondition : struct, ICondition
    {
        // Both ways lie in the page, so the distance fits.
        b.MergeIntoPrevious()->Disp = (int)target;
        if (isCmp && isRegister) b.EmitBranch(&CmpRegReg<T, TCondition>);
        else if (isCmp) b.EmitBranch(&CmpRegImm<T, TCondition>);
        else if (isRegister) b.EmitBranch(&TestRegReg<T, TCondition>);
        else b.EmitBranch(&TestRegImm<T, TCondition>);
    }

    [MethodImpl(Jit.Handler)]
    private static void CmpRegReg<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        ulong x = Int.Reg<T>(cpu, op->Dst), y = Int.Reg<T>(cpu, op->Src);
        Flags.SetSub<T>(cpu, x, y, x - y);
        if (TCondition.Compare<T>(x, y)) Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Disp, 2);
        else Chain.Follow(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset, 2);
    }

    [MethodImpl(Jit.Handler)]
    private static void CmpRegImm<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        ulong x = Int.Reg<T>(cpu, op->Dst), y = Int.Zext<T>((ulong)op->Imm);
        Flags.SetSub<T>(cpu, x, y, x - y);
        if (TCondition.Compare<T>(x, y)) Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Disp, 2);
        else Chain.Follow(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset, 2);
    }

    [MethodImpl(Jit.Handler)]
    private static void TestRegReg<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        ulong r = Int.Reg<T>(cpu, op->Dst) & Int.Reg<T>(cpu, op->Src);
        Flags.SetLogic<T>(cpu, r);
        if (TCondition.Logic<T>(r)) Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Disp, 2);
        else Chain.Follow(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset, 2);
    }

    [MethodImpl(Jit.Handler)]
    private static void TestRegImm<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        ulong r = Int.Reg<T>(cpu, op->Dst) & Int.Zext<T>((ulong)op->Imm);
        Flags.SetLogic<T>(cpu, r);
        if (TCondition.Logic<T>(r)) Chain.Follow(cpu, op, (Link*)(op + 1), cpu->Rip + (ulong)op->Disp, 2);
        else Chain.Follow(cpu, op, (Link*)(op + 2), cpu->Rip + (uint)op->NextOffset, 2);
    }
}
