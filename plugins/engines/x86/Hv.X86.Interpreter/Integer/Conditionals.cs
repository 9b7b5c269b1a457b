using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>CMOVcc and SETcc (SDM vol. 1, 5.1.1 and 5.1.6).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Conditionals
{
    public static void Register(OpTable table)
    {
        Add<Conditions.O>(table, [Code.Cmovo_r16_rm16, Code.Cmovo_r32_rm32, Code.Cmovo_r64_rm64], Code.Seto_rm8);
        Add<Conditions.Not<Conditions.O>>(table, [Code.Cmovno_r16_rm16, Code.Cmovno_r32_rm32, Code.Cmovno_r64_rm64],
            Code.Setno_rm8);
        Add<Conditions.B>(table, [Code.Cmovb_r16_rm16, Code.Cmovb_r32_rm32, Code.Cmovb_r64_rm64], Code.Setb_rm8);
        Add<Conditions.Not<Conditions.B>>(table, [Code.Cmovae_r16_rm16, Code.Cmovae_r32_rm32, Code.Cmovae_r64_rm64],
            Code.Setae_rm8);
        Add<Conditions.E>(table, [Code.Cmove_r16_rm16, Code.Cmove_r32_rm32, Code.Cmove_r64_rm64], Code.Sete_rm8);
        Add<Conditions.Not<Conditions.E>>(table, [Code.Cmovne_r16_rm16, Code.Cmovne_r32_rm32, Code.Cmovne_r64_rm64],
            Code.Setne_rm8);
        Add<Conditions.Be>(table, [Code.Cmovbe_r16_rm16, Code.Cmovbe_r32_rm32, Code.Cmovbe_r64_rm64], Code.Setbe_rm8);
        Add<Conditions.Not<Conditions.Be>>(table, [Code.Cmova_r16_rm16, Code.Cmova_r32_rm32, Code.Cmova_r64_rm64],
            Code.Seta_rm8);
        Add<Conditions.S>(table, [Code.Cmovs_r16_rm16, Code.Cmovs_r32_rm32, Code.Cmovs_r64_rm64], Code.Sets_rm8);
        Add<Conditions.Not<Conditions.S>>(table, [Code.Cmovns_r16_rm16, Code.Cmovns_r32_rm32, Code.Cmovns_r64_rm64],
            Code.Setns_rm8);
        Add<Conditions.P>(table, [Code.Cmovp_r16_rm16, Code.Cmovp_r32_rm32, Code.Cmovp_r64_rm64], Code.Setp_rm8);
        Add<Conditions.Not<Conditions.P>>(table, [Code.Cmovnp_r16_rm16, Code.Cmovnp_r32_rm32, Code.Cmovnp_r64_rm64],
            Code.Setnp_rm8);
        Add<Conditions.L>(table, [Code.Cmovl_r16_rm16, Code.Cmovl_r32_rm32, Code.Cmovl_r64_rm64], Code.Setl_rm8);
        Add<Conditions.Not<Conditions.L>>(table, [Code.Cmovge_r16_rm16, Code.Cmovge_r32_rm32, Code.Cmovge_r64_rm64],
            Code.Setge_rm8);
        Add<Conditions.Le>(table, [Code.Cmovle_r16_rm16, Code.Cmovle_r32_rm32, Code.Cmovle_r64_rm64], Code.Setle_rm8);
        Add<Conditions.Not<Conditions.Le>>(table, [Code.Cmovg_r16_rm16, Code.Cmovg_r32_rm32, Code.Cmovg_r64_rm64],
            Code.Setg_rm8);
    }

    private static void Add<TCondition>(OpTable table, ReadOnlySpan<Code> moves, Code set)
        where TCondition : struct, ICondition
    {
        table.Add(moves[0], &Cmov<ushort, TCondition>);
        table.Add(moves[1], &Cmov<uint, TCondition>);
        table.Add(moves[2], &Cmov<ulong, TCondition>);
        table.Add(set, &Set<TCondition>);
    }

    private static void Cmov<T, TCondition>(BlockBuilder b) where T : unmanaged where TCondition : struct, ICondition
    {
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&CmovRegMem<T, TCondition>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&CmovRegReg<T, TCondition>);
    }

    // A 32-bit destination loses its upper half whether or not the condition holds.
    [MethodImpl(Jit.Handler)]
    private static void CmovRegReg<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        ushort from = TCondition.Test(cpu) ? op->Src : op->Dst;
        Int.SetReg<T>(cpu, op->Dst, Int.Reg<T>(cpu, from));
        Chain.Next(cpu, op);
    }

    // The operand is read, and may fault, whether or not the condition holds.
    [MethodImpl(Jit.Handler)]
    private static void CmovRegMem<T, TCondition>(Cpu* cpu, Op* op)
        where T : unmanaged where TCondition : struct, ICondition
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, TCondition.Test(cpu) ? Int.From(value) : Int.Reg<T>(cpu, op->Dst));
        Chain.Next(cpu, op);
    }

    private static void Set<TCondition>(BlockBuilder b) where TCondition : struct, ICondition
    {
        if (b.IsMemory(0))
        {
            b.Emit(&SetMem<TCondition>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&SetReg<TCondition>);
    }

    [MethodImpl(Jit.Handler)]
    private static void SetReg<TCondition>(Cpu* cpu, Op* op) where TCondition : struct, ICondition
    {
        Int.SetReg<byte>(cpu, op->Dst, TCondition.Test(cpu) ? 1u : 0u);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SetMem<TCondition>(Cpu* cpu, Op* op) where TCondition : struct, ICondition
    {
        if (!Memory.WriteInt<byte>(cpu, op, Address.Linear(cpu, op, 1, true), TCondition.Test(cpu) ? 1u : 0u)) return;
        Chain.Next(cpu, op);
    }
}
