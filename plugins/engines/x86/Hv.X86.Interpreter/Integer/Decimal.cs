using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>AAA, AAS, AAM, AAD, DAA, DAS (SDM vol. 1, 5.1.3, and the operations in vol. 2). Not in 64-bit mode, where
/// Iced knows no codes for them. Flags left undefined follow the result in AL.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Decimal
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Aaa, &Aaa);
        table.Add(Code.Aas, &Aas);
        table.Add(Code.Daa, &Daa);
        table.Add(Code.Das, &Das);
        table.Add(Code.Aam_imm8, &Aam);
        table.Add(Code.Aad_imm8, &Aad);
    }

    private static void Aaa(BlockBuilder b) => b.Emit(&AaaOp);
    private static void Aas(BlockBuilder b) => b.Emit(&AasOp);
    private static void Daa(BlockBuilder b) => b.Emit(&DaaOp);
    private static void Das(BlockBuilder b) => b.Emit(&DasOp);

    private static void Aam(BlockBuilder b)
    {
        b.Op->Imm = (byte)b.Immediate(0);
        b.Emit(&AamOp);
    }

    private static void Aad(BlockBuilder b)
    {
        b.Op->Imm = (byte)b.Immediate(0);
        b.Emit(&AadOp);
    }

    [MethodImpl(Jit.Handler)]
    private static void AaaOp(Cpu* cpu, Op* op)
    {
        AdjustAscii(cpu, 1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void AasOp(Cpu* cpu, Op* op)
    {
        AdjustAscii(cpu, -1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void DaaOp(Cpu* cpu, Op* op)
    {
        AdjustPacked(cpu, 1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void DasOp(Cpu* cpu, Op* op)
    {
        AdjustPacked(cpu, -1);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void AamOp(Cpu* cpu, Op* op)
    {
        if (op->Imm == 0)
        {
            Fault.Raise(cpu, op, Fault.De);
            return;
        }
        uint al = (byte)cpu->Gpr[0];
        uint quotient = al / (uint)op->Imm, remainder = al % (uint)op->Imm;
        *(ushort*)cpu->Gpr = (ushort)(quotient << 8 | remainder);
        Flags.SetLogic<byte>(cpu, remainder);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void AadOp(Cpu* cpu, Op* op)
    {
        uint ax = (ushort)cpu->Gpr[0];
        uint al = (byte)((ax & 0xFF) + (ax >> 8) * (uint)op->Imm);
        *(ushort*)cpu->Gpr = (ushort)al;
        Flags.SetLogic<byte>(cpu, al);
        Chain.Next(cpu, op);
    }

    private static void AdjustAscii(Cpu* cpu, int sign)
    {
        uint ax = (ushort)cpu->Gpr[0];
        bool adjusts = (ax & 0xF) > 9 || Flags.IsAdjust(cpu);
        if (adjusts) ax = (uint)(ax + sign * 0x106);
        ax &= 0xFF0F;
        *(ushort*)cpu->Gpr = (ushort)ax;
        Flags.SetLogic<byte>(cpu, ax);
        uint status = Flags.ReadStatus(cpu);
        Flags.SetStatus(cpu, adjusts ? status | Flags.Cf | Flags.Af : status);
    }

    private static void AdjustPacked(Cpu* cpu, int sign)
    {
        uint old = (byte)cpu->Gpr[0], al = old;
        bool carry = Flags.IsCarry(cpu), adjust = (old & 0xF) > 9 || Flags.IsAdjust(cpu), carryOut = false;
        if (adjust)
        {
            carryOut = carry || (sign < 0 && old < 6);
            al = (byte)(al + sign * 6);
        }
        if (old > 0x99 || carry)
        {
            al = (byte)(al + sign * 0x60);
            carryOut = true;
        }
        *(byte*)cpu->Gpr = (byte)al;
        Flags.SetLogic<byte>(cpu, al);
        Flags.SetStatus(cpu, Flags.ReadStatus(cpu) | (carryOut ? Flags.Cf : 0) | (adjust ? Flags.Af : 0));
    }
}
