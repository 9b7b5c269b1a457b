using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>x87 control instructions and the environment's memory images (SDM vol. 1, 8.1.10 and 8.3.11). With #AC
/// enabled an image is aligned to 4 or 2 bytes by operand size (SDM vol. 3, table 7-7); its registers are not looked at
/// one by one.</summary>
// SAFETY (whole class): memory goes through Memory; register numbers are below 8.
internal static unsafe class X87Environment
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Wait, &BuildWait);
        table.Add(Code.Fninit, &BuildInitialize);
        table.Add(Code.Fnclex, &BuildClear);
        // Left from the 8087 and 80287; the 387 and its successors ignore them (SDM vol. 3, 23.18.9).
        table.Add([Code.Fneni, Code.Fndisi, Code.Fnsetpm], &BuildIgnored);
        table.Add(Code.Fnop, &BuildNothing);
        table.Add(Code.Fincstp, &BuildIncrement);
        table.Add(Code.Fdecstp, &BuildDecrement);
        table.Add(Code.Ffree_sti, &BuildFree);
        table.Add(Code.Ffreep_sti, &BuildFreePop);
        table.Add(Code.Fldcw_m2byte, &BuildLoadControl);
        table.Add(Code.Fnstcw_m2byte, &BuildStoreControl);
        table.Add(Code.Fnstsw_m2byte, &BuildStoreStatus);
        table.Add(Code.Fnstsw_AX, &BuildStatusToAx);
        table.Add([Code.Fnstenv_m14byte, Code.Fnstenv_m28byte], &BuildStoreEnvironment);
        table.Add([Code.Fldenv_m14byte, Code.Fldenv_m28byte], &BuildLoadEnvironment);
        table.Add([Code.Fnsave_m94byte, Code.Fnsave_m108byte], &BuildSave);
        table.Add([Code.Frstor_m94byte, Code.Frstor_m108byte], &BuildRestore);
    }

    private static void BuildWait(BlockBuilder b)
    {
        if (FloatGate.AllowsWait(b)) b.Emit(&Wait);
    }

    private static void BuildInitialize(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Initialize);
    }

    private static void BuildClear(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Clear);
    }

    private static void BuildIgnored(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Ignored);
    }

    private static void BuildNothing(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Nothing);
    }

    private static void BuildIncrement(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        b.Op->Aux = 1;
        b.Emit(&MoveTop);
    }

    private static void BuildDecrement(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        b.Op->Aux = 7;
        b.Emit(&MoveTop);
    }

    private static void BuildFree(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0)) b.Emit(&Free);
    }

    private static void BuildFreePop(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0, pops: 1)) b.Emit(&Free);
    }

    private static void BuildLoadControl(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&LoadControl);
    }

    private static void BuildStoreControl(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&StoreControl);
    }

    private static void BuildStoreStatus(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&StoreStatus);
    }

    private static void BuildStatusToAx(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&StatusToAx);
    }

    private static void BuildStoreEnvironment(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        SetLayout(b, b.Instruction.Code == Code.Fnstenv_m28byte);
        b.Emit(&StoreEnvironment);
    }

    private static void BuildLoadEnvironment(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        SetLayout(b, b.Instruction.Code == Code.Fldenv_m28byte);
        b.Emit(&LoadEnvironment);
    }

    private static void BuildSave(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        SetLayout(b, b.Instruction.Code == Code.Fnsave_m108byte);
        b.Emit(&Save);
    }

    private static void BuildRestore(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        SetLayout(b, b.Instruction.Code == Code.Frstor_m108byte);
        b.Emit(&Restore);
    }

    /// <summary>Aux: bytes of one field (2 or 4); Dst: 1 for the protected-mode layout.</summary>
    private static void SetLayout(BlockBuilder b, bool isWide)
    {
        b.Op->Aux = (ushort)(isWide ? 4 : 2);
        b.Op->Dst = (b.Mode & (CodeMode.Protected | CodeMode.Virtual8086)) == CodeMode.Protected ? (ushort)1 : (ushort)0;
    }

    [MethodImpl(Jit.Handler)]
    private static void Wait(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Nothing(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        cpu->Fip = cpu->Rip + op->RipOffset;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Ignored(Cpu* cpu, Op* op) => Chain.Next(cpu, op);

    [MethodImpl(Jit.Handler)]
    private static void Initialize(Cpu* cpu, Op* op)
    {
        Reset(cpu);
        NumericErrorPin.Update(cpu, op);
        Chain.Next(cpu, op);
    }

    /// <summary>What FNINIT sets; the registers' contents stay.</summary>
    public static void Reset(Cpu* cpu)
    {
        cpu->Fcw = X87Control.Initial;
        cpu->Fsw = 0;
        cpu->Ftw = 0;
        cpu->Fop = 0;
        cpu->Fip = 0;
        cpu->Fdp = 0;
        cpu->Fcs = 0;
        cpu->Fds = 0;
    }

    [MethodImpl(Jit.Handler)]
    private static void Clear(Cpu* cpu, Op* op)
    {
        cpu->Fsw &= 0x7F00;
        NumericErrorPin.Update(cpu, op);
        Chain.Next(cpu, op);
    }

    /// <summary>FINCSTP and FDECSTP: TOP moves, tags stay.</summary>
    [MethodImpl(Jit.Handler)]
    private static void MoveTop(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        cpu->Fip = cpu->Rip + op->RipOffset;
        int top = X87Stack.Physical(cpu, op->Aux);
        cpu->Fsw = (ushort)((cpu->Fsw & ~(0x3800 | X87Stack.C1)) | top << 11);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Free(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        cpu->Fip = cpu->Rip + op->RipOffset;
        cpu->Ftw &= (byte)~(1 << X87Stack.Physical(cpu, op->Aux));
        X87Stack.Pop(cpu, op->Dst);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadControl(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 2), out ushort value)) return;
        SetControl(cpu, value);
        X87Stack.UpdateSummary(cpu, op);
        Chain.Next(cpu, op);
    }

    /// <summary>Bit 6 is always set, bits 7 and 13–15 are always clear.</summary>
    private static void SetControl(Cpu* cpu, ushort value) => cpu->Fcw = (ushort)((value & 0x1F3F) | 0x40);

    [MethodImpl(Jit.Handler)]
    private static void StoreControl(Cpu* cpu, Op* op)
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, 2, isWrite: true), cpu->Fcw)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreStatus(Cpu* cpu, Op* op)
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, 2, isWrite: true), cpu->Fsw)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StatusToAx(Cpu* cpu, Op* op)
    {
        Int.SetReg<ushort>(cpu, 0, cpu->Fsw);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreEnvironment(Cpu* cpu, Op* op)
    {
        if (!WriteEnvironment(cpu, op, 7 * op->Aux)) return;
        // All exceptions are masked afterwards, so that a handler can look without being interrupted (SDM vol. 2A,
        // FSTENV).
        cpu->Fcw |= 0x3F;
        X87Stack.UpdateSummary(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Save(Cpu* cpu, Op* op)
    {
        if (!WriteEnvironment(cpu, op, 7 * op->Aux + 80)) return;
        if (!WriteRegisters(cpu, op)) return;
        Reset(cpu);
        NumericErrorPin.Update(cpu, op);
        NumericErrorPin.Update(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadEnvironment(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!ReadEnvironment(cpu, op, 7 * op->Aux)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Restore(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!ReadRegisters(cpu, op)) return;
        if (!ReadEnvironment(cpu, op, 7 * op->Aux + 80)) return;
        CommitRegisters(cpu);
        Chain.Next(cpu, op);
    }

    /// <summary>Writes the seven fields of the environment, after probing all <paramref name="bytes"/> of the
    /// image.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool WriteEnvironment(Cpu* cpu, Op* op, int bytes)
    {
        ulong linear = Address.Linear(cpu, op, bytes, isWrite: true);
        if (!Memory.ProbeWrite(cpu, op, linear, op->Aux)) return false;
        for (int at = 2; at < bytes; at += 2)
        {
            if (!Elements.ProbeWrite(cpu, op, At(cpu, linear, at), 2)) return false;
        }
        bool isWide = op->Aux == 4;
        uint high = isWide ? 0xFFFF_0000 : 0;
        uint* fields = stackalloc uint[7];
        fields[0] = high | cpu->Fcw;
        fields[1] = high | cpu->Fsw;
        fields[2] = high | FullTags(cpu);
        if (op->Dst != 0)
        {
            fields[3] = (uint)cpu->Fip;
            fields[4] = cpu->Fcs | (isWide ? (uint)(cpu->Fop & 0x7FF) << 16 : 0);
            fields[5] = (uint)cpu->Fdp;
            fields[6] = high | cpu->Fds;
        }
        else
        {
            // Real and virtual-8086 mode have linear pointers (SDM vol. 1, figures 8-11 and 8-12).
            ulong ip = cpu->Fip + ((ulong)cpu->Fcs << 4), dp = cpu->Fdp + ((ulong)cpu->Fds << 4);
            fields[3] = high | (ushort)ip;
            fields[4] = ((uint)(ip >> 16) & (isWide ? 0xFFFFu : 0xF)) << 12 | (uint)(cpu->Fop & 0x7FF);
            fields[5] = high | (ushort)dp;
            fields[6] = ((uint)(dp >> 16) & (isWide ? 0xFFFFu : 0xF)) << 12;
        }
        for (int i = 0; i < 7; i++)
        {
            bool done = isWide
                ? Elements.Write(cpu, op, At(cpu, linear, i * 4), fields[i])
                : Elements.Write(cpu, op, At(cpu, linear, i * 2), (ushort)fields[i]);
            if (!done) return false;
        }
        return true;
    }

    /// <summary>Reads the environment of an image of <paramref name="bytes"/> bytes.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool ReadEnvironment(Cpu* cpu, Op* op, int bytes)
    {
        ulong linear = Address.Linear(cpu, op, bytes);
        uint* fields = stackalloc uint[7];
        bool isWide = op->Aux == 4;
        for (int i = 0; i < 7; i++)
        {
            if (isWide)
            {
                if (!Memory.Read(cpu, op, At(cpu, linear, i * 4), out fields[i])) return false;
            }
            else
            {
                if (!Memory.Read(cpu, op, At(cpu, linear, i * 2), out ushort narrow)) return false;
                fields[i] = narrow;
            }
        }
        SetControl(cpu, (ushort)fields[0]);
        cpu->Fsw = (ushort)fields[1];
        cpu->Ftw = AbridgedTags((ushort)fields[2]);
        if (op->Dst != 0)
        {
            cpu->Fip = fields[3];
            cpu->Fop = isWide ? (ushort)(fields[4] >> 16 & 0x7FF) : (ushort)0;
            cpu->Fdp = fields[5];
        }
        else
        {
            cpu->Fip = (ushort)fields[3] | (fields[4] >> 12 & 0xFFFF) << 16;
            cpu->Fop = (ushort)(fields[4] & 0x7FF);
            cpu->Fdp = (ushort)fields[5] | (fields[6] >> 12 & 0xFFFF) << 16;
        }
        cpu->Fcs = 0;
        cpu->Fds = 0;
        X87Stack.UpdateSummary(cpu, op);
        return true;
    }

    /// <summary>ST(0) to ST(7), ten bytes each, behind the environment.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool WriteRegisters(Cpu* cpu, Op* op)
    {
        ulong linear = Address.Linear(cpu, op, 7 * op->Aux + 80, isWrite: true);
        for (int i = 0; i < 8; i++)
        {
            Float80 value = X87Stack.Get(cpu, i);
            int at = 7 * op->Aux + i * 10;
            if (!Elements.Write(cpu, op, At(cpu, linear, at), value.Significand)) return false;
            if (!Elements.Write(cpu, op, At(cpu, linear, at + 8), value.SignExponent)) return false;
        }
        return true;
    }

    /// <summary>Reads the eight registers' images into FloatOperands (80 bytes) without changing state.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool ReadRegisters(Cpu* cpu, Op* op)
    {
        ulong linear = Address.Linear(cpu, op, 7 * op->Aux + 80);
        if (!Memory.ProbeRead(cpu, op, linear, op->Aux)) return false;
        byte* to = (byte*)&cpu->FloatOperands;
        for (int i = 0; i < 8; i++)
        {
            int at = 7 * op->Aux + i * 10;
            if (!Elements.Read(cpu, op, At(cpu, linear, at), out ulong low)) return false;
            if (!Elements.Read(cpu, op, At(cpu, linear, at + 8), out ushort high)) return false;
            *(ulong*)(to + i * 10) = low;
            *(ushort*)(to + i * 10 + 8) = high;
        }
        return true;
    }

    /// <summary>Puts what <see cref="ReadRegisters"/> read into the registers, by the TOP that was loaded.</summary>
    [MethodImpl(Jit.Cold)]
    private static void CommitRegisters(Cpu* cpu)
    {
        byte* from = (byte*)&cpu->FloatOperands;
        for (int i = 0; i < 8; i++)
        {
            byte* to = (byte*)&cpu->X87 + X87Stack.Physical(cpu, i) * 16;
            *(ulong*)to = *(ulong*)(from + i * 10);
            *(ushort*)(to + 8) = *(ushort*)(from + i * 10 + 8);
        }
    }

    private static ulong At(Cpu* cpu, ulong linear, int offset)
        => linear == Memory.Poison ? linear
            : (cpu->Mode & CodeMode.Code64) != 0 ? linear + (ulong)offset : (uint)(linear + (ulong)offset);

    /// <summary>The two-bit tags (SDM vol. 1, 8.1.7): valid, zero, special, empty.</summary>
    private static uint FullTags(Cpu* cpu)
    {
        uint tags = 0;
        for (int i = 0; i < 8; i++)
        {
            byte* at = (byte*)&cpu->X87 + i * 16;
            Float80 value = new(*(ulong*)at, *(ushort*)(at + 8));
            uint tag = (cpu->Ftw >> i & 1) == 0 ? 3u : value.IsZero ? 1u : value.IsNormal ? 0u : 2u;
            tags |= tag << (i * 2);
        }
        return tags;
    }

    private static byte AbridgedTags(ushort tags)
    {
        int abridged = 0;
        for (int i = 0; i < 8; i++)
        {
            if ((tags >> (i * 2) & 3) != 3) abridged |= 1 << i;
        }
        return (byte)abridged;
    }
}
