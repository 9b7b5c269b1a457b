using System.Runtime.InteropServices;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Results beyond flags that the manual leaves undefined, and flags that are undefined only for some
/// operands.</summary>
internal static class UndefinedResults
{
    private const ulong Overflow = 0x800, Carry = 1, Auxiliary = 0x10;

    /// <summary>Puts what is undefined after this instruction to a fixed value.</summary>
    public static void Mask(ref CpuCase before, ref CpuCase after, in Instruction instruction)
    {
        if (!IsComplete(before, after))
        {
            return;
        }
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Ffree or Mnemonic.Ffreep:
                after.Fsw &= 0xB8FF; // C0 to C3 (SDM vol. 2, FFREE); Zen mostly keeps C1, but not always
                break;
            case Mnemonic.Fyl2xp1 when MemoryMarshal.Read<ushort>(before.St(0)[8..]) is ushort exponent
                && (exponent & 0x7FFF) is >= 0x3FFD and < 0x7FFF:
                // Defined for |x| below 1 - √½ only (SDM vol. 2, FYL2XP1).
                after.St(0).Clear();
                after.Fsw &= 0x7D00;
                break;
            case Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Sal or Mnemonic.Rol or Mnemonic.Ror
                or Mnemonic.Rcl or Mnemonic.Rcr:
                MaskShift(ref before, ref after, instruction);
                break;
            case Mnemonic.Fxsave or Mnemonic.Fxsave64:
                MaskSavedPointers(ref before, ref after, instruction);
                break;
            case Mnemonic.Shld or Mnemonic.Shrd:
                MaskDoubleShift(ref before, ref after, instruction);
                break;
        }
    }

    /// <summary>The instruction itself did not fault; what follows it may have (a fetch beyond the code
    /// pages).</summary>
    public static bool IsComplete(in CpuCase before, in CpuCase after) => after.Vector == CpuCase.NoFault
        || after.Rip != before.Rip;

    private static int Count(ref CpuCase before, in Instruction instruction, int operand)
    {
        int count = instruction.GetOpKind(operand) == OpKind.Register ? (byte)before.Gpr[1]
            : (byte)instruction.GetImmediate(operand);
        return count & (OperandBits(instruction) == 64 ? 63 : 31);
    }

    private static int OperandBits(in Instruction instruction) =>
        8 * (instruction.Op0Kind == OpKind.Register ? instruction.Op0Register.GetSize()
        : instruction.MemorySize.GetSize());

    /// <summary>OF is undefined unless the count is 1, AF unless it is 0, CF of SHL and SHR when the count reaches the
    /// width (SDM vol. 2, SAL/SAR/SHL/SHR and RCL/RCR/ROL/ROR).</summary>
    private static void MaskShift(ref CpuCase before, ref CpuCase after, in Instruction instruction)
    {
        int count = Count(ref before, instruction, 1);
        ulong undefined = 0;
        if (count > 1)
        {
            undefined |= Overflow;
        }
        bool rotate = instruction.Mnemonic is Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr;
        if (count > 0 && !rotate)
        {
            undefined |= Auxiliary;
        }
        if (instruction.Mnemonic is Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sal && count >= OperandBits(instruction))
        {
            undefined |= Carry;
        }
        after.Rflags &= ~undefined;
    }

    /// <summary>In an image that FXSAVE wrote: FOP, FIP and FDP, which AMD keeps only with an unmasked exception;
    /// MXCSR_MASK, which tells of the host; the six bytes after each x87 register, which are reserved.</summary>
    private static void MaskSavedPointers(ref CpuCase before, ref CpuCase after, in Instruction instruction)
    {
        long at = (long)(OperandPlacer.Address(before, instruction) - OracleLayout.Data);
        if (at < 0 || at > OracleLayout.DataBytes - 512)
        {
            return;
        }
        Span<byte> image = ((Span<byte>)after.Data).Slice((int)at, 512);
        image[6..24].Clear();
        image[28..32].Clear();
        for (int i = 0; i < 8; i++)
        {
            image.Slice(42 + (16 * i), 6).Clear();
        }
    }

    /// <summary>A count beyond the width leaves everything undefined (SDM vol. 2, SHLD and SHRD).</summary>
    private static void MaskDoubleShift(ref CpuCase before, ref CpuCase after, in Instruction instruction)
    {
        int count = Count(ref before, instruction, 2);
        if (count == 0)
        {
            return;
        }
        after.Rflags &= ~(Auxiliary | (count > 1 ? Overflow : 0));
        if (count > OperandBits(instruction))
        {
            after.Rflags &= ~0x8D5ul;
            if (instruction.Op0Kind == OpKind.Register)
            {
                after.Gpr[instruction.Op0Register.GetFullRegister().GetNumber()] = 0;
            }
            else
            {
                ((Span<byte>)after.Data).Clear();
            }
        }
    }
}
