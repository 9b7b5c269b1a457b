using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;

namespace Hv.X86.Interpreter;

/// <summary>The x87 register stack, status word and exceptions (SDM vol. 1, 8.1 and 8.6). FIP follows every
/// instruction; FOP and FDP are updated by unmasked exceptions only, and FCS and FDS are zero, as CPUID leaf 7
/// (FDP_EXCPTN_ONLY and the deprecation of FCS and FDS) announces.</summary>
// SAFETY (whole class): register numbers are taken modulo 8; 16 bytes lie at each.
internal static unsafe class X87Stack
{
    public const ushort ErrorSummary = 0x80, Busy = 0x8000, C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000;
    /// <summary>IE, SF and C1 as zero: a source register is empty.</summary>
    public const FpExceptions Underflow = FpExceptions.Invalid | FpExceptions.StackFault;
    /// <summary>IE, SF and C1: the destination register is in use.</summary>
    public const FpExceptions Overflow = Underflow | FpExceptions.RoundedUp;
    private const uint StatusBits = 0x27F;

    /// <summary>Number of the physical register that is ST(<paramref name="index"/>).</summary>
    [MethodImpl(Jit.Inline)]
    public static int Physical(Cpu* cpu, int index) => ((cpu->Fsw >> 11) + index) & 7;

    /// <summary>Whether ST(<paramref name="index"/>) is in use.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsValid(Cpu* cpu, int index) => ((cpu->Ftw >> Physical(cpu, index)) & 1) != 0;

    /// <summary>ST(<paramref name="index"/>).</summary>
    [MethodImpl(Jit.Inline)]
    public static Float80 Get(Cpu* cpu, int index)
    {
        byte* at = (byte*)&cpu->X87 + Physical(cpu, index) * 16;
        return new Float80(*(ulong*)at, *(ushort*)(at + 8));
    }

    /// <summary>Writes ST(<paramref name="index"/>) and marks it as in use.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Set(Cpu* cpu, int index, Float80 value)
    {
        int physical = Physical(cpu, index);
        byte* at = (byte*)&cpu->X87 + physical * 16;
        *(ulong*)at = value.Significand;
        *(ulong*)(at + 8) = value.SignExponent;
        cpu->Ftw |= (byte)(1 << physical);
    }

    /// <summary>The 16-byte slot of ST(<paramref name="index"/>): two words that are always written as such, so that
    /// loads find their stores in the host's store buffer.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong* Slot(Cpu* cpu, int index) => (ulong*)&cpu->X87 + Physical(cpu, index) * 2;

    /// <summary>Whether ST(0) and ST(<paramref name="index"/>) are in use and nothing is pending: what moves between
    /// registers need to be done at once.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool AreReady(Cpu* cpu, int index)
    {
        int needed = 1 << Physical(cpu, 0) | 1 << Physical(cpu, index);
        return (cpu->Ftw & needed) == needed && (cpu->Fsw & ErrorSummary) == 0;
    }

    /// <summary>Completes an instruction that raised nothing.</summary>
    [MethodImpl(Jit.Inline)]
    public static void CompleteQuietly(Cpu* cpu, Op* op)
    {
        cpu->Fip = cpu->Rip + op->RipOffset;
        cpu->Fsw &= unchecked((ushort)~C1);
    }

    /// <summary>Marks ST(0) as empty and raises TOP.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Pop(Cpu* cpu)
    {
        cpu->Ftw &= (byte)~(1 << Physical(cpu, 0));
        cpu->Fsw = (ushort)((cpu->Fsw & ~0x3800) | ((cpu->Fsw + 0x800) & 0x3800));
    }

    /// <summary>Pops <paramref name="count"/> registers, 0 to 2.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Pop(Cpu* cpu, int count)
    {
        for (; count > 0; count--) Pop(cpu);
    }

    /// <summary>What every waiting instruction begins with: a pending unmasked exception is #MF, or waits for its
    /// handler. False: not now.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Begin(Cpu* cpu, Op* op) => (cpu->Fsw & ErrorSummary) == 0 || MayProceed(cpu, op);

    [MethodImpl(Jit.Cold)]
    private static bool MayProceed(Cpu* cpu, Op* op) => NumericErrorPin.MayProceed(cpu, op);

    /// <summary>Records what an instruction raised. True: its result is to be written (masked responses, or an unmasked
    /// exception that was found in the result).</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Complete(Cpu* cpu, Op* op, FpExceptions raised)
    {
        cpu->Fip = cpu->Rip + op->RipOffset;
        if (((uint)raised & ~(uint)cpu->Fcw & 0x3F) != 0) return CompleteUnmasked(cpu, op, raised);
        cpu->Fsw = (ushort)((cpu->Fsw & ~(uint)C1) | ((uint)raised & StatusBits));
        return true;
    }

    [MethodImpl(Jit.Cold)]
    private static bool CompleteUnmasked(Cpu* cpu, Op* op, FpExceptions raised)
    {
        bool isWritten = X87.Settle(new X87Control(cpu->Fcw), ref raised);
        cpu->Fsw = (ushort)((cpu->Fsw & ~(uint)C1) | ((uint)raised & StatusBits) | ErrorSummary | Busy);
        // The builder left the opcode in Imm, and 1 in Src2 when there is a memory operand.
        cpu->Fop = (ushort)op->Imm;
        if (op->Src2 != 0) cpu->Fdp = Address.Effective(cpu, op);
        NumericErrorPin.Update(cpu, op);
        return isWritten;
    }

    /// <summary>Whether a store to memory takes place: unmasked overflow and underflow keep it from happening too
    /// (SDM vol. 1, 8.5.4 and 8.5.5).</summary>
    public static bool IsStored(Cpu* cpu, FpExceptions raised)
        => ((uint)raised & ~(uint)cpu->Fcw & (uint)(FpExceptions.PreComputation | FpExceptions.Overflow | FpExceptions.Underflow)) == 0;

    /// <summary>Pushes a value that was loaded or computed. A register in use at the new top is a stack
    /// overflow.</summary>
    public static void Push(Cpu* cpu, Op* op, Float80 value, FpExceptions raised)
    {
        if (IsValid(cpu, -1) && (raised & FpExceptions.StackFault) == 0)
        {
            value = Float80.Indefinite;
            raised = Overflow;
        }
        // A denormal is pushed even when DE is unmasked: loading is not arithmetic (seen on Zen).
        if (!Complete(cpu, op, raised) && raised != FpExceptions.Denormal) return;
        cpu->Fsw = (ushort)((cpu->Fsw & ~0x3800) | ((cpu->Fsw - 0x800) & 0x3800));
        Set(cpu, 0, value);
    }

    /// <summary>Sets C0, C2 and C3 (bits of the status word).</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetConditions(Cpu* cpu, int conditions)
        => cpu->Fsw = (ushort)((cpu->Fsw & ~(C0 | C2 | C3)) | conditions);

    /// <summary>Recomputes ES and B after flags or masks were loaded.</summary>
    public static void UpdateSummary(Cpu* cpu, Op* op)
    {
        bool isPending = (cpu->Fsw & ~cpu->Fcw & 0x3F) != 0;
        cpu->Fsw = (ushort)(isPending ? cpu->Fsw | ErrorSummary | Busy : cpu->Fsw & ~(ErrorSummary | Busy));
        NumericErrorPin.Update(cpu, op);
    }
}
