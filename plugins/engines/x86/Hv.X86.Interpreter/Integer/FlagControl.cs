using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>CLC, STC, CMC, CLD, STD, LAHF, SAHF, SALC (SDM vol. 1, 5.1.11).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class FlagControl
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Clc, &Clc);
        table.Add(Code.Stc, &Stc);
        table.Add(Code.Cmc, &Cmc);
        table.Add(Code.Cld, &Cld);
        table.Add(Code.Std, &Std);
        table.Add(Code.Lahf, &Lahf);
        table.Add(Code.Sahf, &Sahf);
        table.Add(Code.Salc, &Salc);
    }

    private static void Clc(BlockBuilder b) => b.Emit(&ClcOp);
    private static void Stc(BlockBuilder b) => b.Emit(&StcOp);
    private static void Cmc(BlockBuilder b) => b.Emit(&CmcOp);
    private static void Cld(BlockBuilder b) => b.Emit(&CldOp);
    private static void Std(BlockBuilder b) => b.Emit(&StdOp);
    private static void Lahf(BlockBuilder b) => b.Emit(&LahfOp);
    private static void Sahf(BlockBuilder b) => b.Emit(&SahfOp);
    private static void Salc(BlockBuilder b) => b.Emit(&SalcOp);

    [MethodImpl(Jit.Handler)]
    private static void ClcOp(Cpu* cpu, Op* op)
    {
        Flags.SetCarry(cpu, 0);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StcOp(Cpu* cpu, Op* op)
    {
        Flags.SetCarry(cpu, 1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void CmcOp(Cpu* cpu, Op* op)
    {
        Flags.SetCarry(cpu, Flags.Carry(cpu) ^ 1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void CldOp(Cpu* cpu, Op* op)
    {
        cpu->Rflags &= ~(ulong)Flags.Df;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StdOp(Cpu* cpu, Op* op)
    {
        cpu->Rflags |= Flags.Df;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LahfOp(Cpu* cpu, Op* op)
    {
        ((byte*)cpu)[1] = (byte)(Flags.ReadStatus(cpu) | 2);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SahfOp(Cpu* cpu, Op* op)
    {
        const uint loaded = Flags.Cf | Flags.Pf | Flags.Af | Flags.Zf | Flags.Sf;
        Flags.SetStatus(cpu, (((byte*)cpu)[1] & loaded) | (Flags.ReadStatus(cpu) & Flags.Of));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SalcOp(Cpu* cpu, Op* op)
    {
        *(byte*)cpu = (byte)(Flags.IsCarry(cpu) ? 0xFF : 0);
        Chain.Next(cpu, op);
    }
}
