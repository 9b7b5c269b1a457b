using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Descriptor-table and task registers, and the questions about selectors: LGDT, LIDT, SGDT, SIDT, LLDT, SLDT, LTR, STR, LAR, LSL,
/// VERR, VERW, ARPL (SDM vol. 2; vol. 3, 5.10). Aux of register operands is 0, of memory operands 1.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class TableInstructions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Lgdt_m1632_16, Code.Lgdt_m1632, Code.Lgdt_m1664], &LoadGlobal);
        table.Add([Code.Lidt_m1632_16, Code.Lidt_m1632, Code.Lidt_m1664], &LoadInterrupt);
        table.Add([Code.Sgdt_m1632_16, Code.Sgdt_m1632, Code.Sgdt_m1664], &StoreGlobal);
        table.Add([Code.Sidt_m1632_16, Code.Sidt_m1632, Code.Sidt_m1664], &StoreInterrupt);
        table.Add([Code.Lldt_rm16, Code.Lldt_r32m16, Code.Lldt_r64m16], &LoadLocal);
        table.Add([Code.Ltr_rm16, Code.Ltr_r32m16, Code.Ltr_r64m16], &LoadTask);
        table.Add([Code.Sldt_rm16, Code.Sldt_r32m16, Code.Sldt_r64m16], &StoreLocal);
        table.Add([Code.Str_rm16, Code.Str_r32m16, Code.Str_r64m16], &StoreTask);
        table.Add([Code.Lar_r16_rm16, Code.Lar_r32_r32m16, Code.Lar_r64_r64m16], &LoadAccess);
        table.Add([Code.Lsl_r16_rm16, Code.Lsl_r32_r32m16, Code.Lsl_r64_r64m16], &LoadLimit);
        table.Add([Code.Verr_rm16, Code.Verr_r32m16, Code.Verr_r64m16], &VerifyRead);
        table.Add([Code.Verw_rm16, Code.Verw_r32m16, Code.Verw_r64m16], &VerifyWrite);
        table.Add([Code.Arpl_rm16_r16, Code.Arpl_r32m16_r32], &AdjustPrivilege);
    }

    private const int Ldtr = 6, Tr = 7;

    // Builders.

    private static void Table(BlockBuilder b, delegate*<Cpu*, Op*, void> handler, bool isInterrupt)
    {
        b.Op->Aux = isInterrupt ? (ushort)1 : (ushort)0;
        b.Op->Imm = b.Is64 ? 8 : b.Instruction.Code is Code.Lgdt_m1632_16 or Code.Lidt_m1632_16 ? 3 : 4;
        b.EmitEnd(handler);
    }

    private static void LoadGlobal(BlockBuilder b) => Table(b, &LoadTableOp, false);
    private static void LoadInterrupt(BlockBuilder b) => Table(b, &LoadTableOp, true);
    private static void StoreGlobal(BlockBuilder b) => Table(b, &StoreTableOp, false);
    private static void StoreInterrupt(BlockBuilder b) => Table(b, &StoreTableOp, true);

    /// <summary>The instructions that real and virtual-8086 mode do not know (SDM vol. 3, 20.1.3).</summary>
    private static bool IsProtected(BlockBuilder b) => (b.Mode & (CodeMode.Protected | CodeMode.Virtual8086)) == CodeMode.Protected;

    private static void Selector(BlockBuilder b, int operand, delegate*<Cpu*, Op*, void> handler)
    {
        if (!IsProtected(b))
        {
            b.Undefined();
            return;
        }
        b.Op->Aux = b.IsMemory(operand) ? (ushort)1 : (ushort)0;
        if (!b.IsMemory(operand)) b.Op->Src = b.Register(operand);
        b.EmitEnd(handler);
    }

    private static void LoadLocal(BlockBuilder b) => Selector(b, 0, &LoadLocalOp);
    private static void LoadTask(BlockBuilder b) => Selector(b, 0, &LoadTaskOp);
    private static void VerifyRead(BlockBuilder b) => Selector(b, 0, &VerifyReadOp);
    private static void VerifyWrite(BlockBuilder b) => Selector(b, 0, &VerifyWriteOp);

    private static void LoadAccess(BlockBuilder b)
    {
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        Selector(b, 1, &LoadAccessOp);
    }

    private static void LoadLimit(BlockBuilder b)
    {
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        Selector(b, 1, &LoadLimitOp);
    }

    private static void Store(BlockBuilder b, int segment)
    {
        if (!IsProtected(b))
        {
            b.Undefined();
            return;
        }
        b.Op->Aux = (ushort)segment;
        if (b.IsMemory(0))
        {
            b.Emit(&StoreSelectorToMemory);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.Emit(&StoreSelectorToRegister);
    }

    private static void StoreLocal(BlockBuilder b) => Store(b, Ldtr);
    private static void StoreTask(BlockBuilder b) => Store(b, Tr);

    private static void AdjustPrivilege(BlockBuilder b)
    {
        if (!IsProtected(b))
        {
            b.Undefined();
            return;
        }
        b.Op->Src = b.Register(1);
        b.Op->Aux = b.IsMemory(0) ? (ushort)1 : (ushort)0;
        if (!b.IsMemory(0)) b.Op->Dst = b.Register(0);
        b.EmitEnd(&AdjustPrivilegeOp);
    }

    // Handlers.

    private static void LoadTableOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        int baseBytes = (int)op->Imm;
        bool isInterrupt = op->Aux != 0;
        ulong linear = Address.Linear(cpu, op, baseBytes == 8 ? 10 : 6);
        if (!Memory.Read(cpu, op, linear, out ushort limit)) return;
        ulong tableBase;
        if (baseBytes == 8)
        {
            if (!Memory.Read(cpu, op, linear + 2, out tableBase)) return;
        }
        else
        {
            if (!Memory.Read(cpu, op, linear + 2, out uint low)) return;
            tableBase = baseBytes == 3 ? low & 0xFFFFFF : low;
        }
        ulong next = SystemOp.Begin(cpu, op);
        if (!CpuMode.IsCanonical(cpu, tableBase) && baseBytes == 8)
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        TableState loaded = new() { Base = tableBase, Limit = limit };
        if (isInterrupt) cpu->Idtr = loaded;
        else cpu->Gdtr = loaded;
        SystemOp.Complete(cpu, next);
    }

    private static void StoreTableOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequireUnprevented(cpu, op)) return;
        bool is64 = op->Imm == 8;
        int bytes = is64 ? 10 : 6;
        ulong linear = Address.Linear(cpu, op, bytes, true);
        if (!Memory.ProbeWrite(cpu, op, linear, bytes)) return;
        TableState* table = op->Aux != 0 ? &cpu->Idtr : &cpu->Gdtr;
        if (!Memory.Write(cpu, op, linear, (ushort)table->Limit)) return;
        bool isWritten = is64 ? Memory.Write(cpu, op, linear + 2, table->Base) : Memory.Write(cpu, op, linear + 2, (uint)table->Base);
        if (isWritten) Chain.Leave(cpu, op);
    }

    private static bool ReadSelector(Cpu* cpu, Op* op, out ushort selector)
    {
        if (op->Aux != 0) return Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(ushort)), out selector);
        selector = (ushort)Int.Reg<ushort>(cpu, op->Src);
        return true;
    }

    private static void LoadLocalOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op) || !ReadSelector(cpu, op, out ushort selector)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (DescriptorTables.IsNull(selector))
            cpu->Ldtr = SegmentLoader.Null(selector, cpl: 0);
        else if (!ReadSystemSegment(cpu, selector, out SegmentDescriptor ldt, out _)
            || !CheckSystemSegment(cpu, selector, ldt, ldt.Type == SystemDescriptorType.Ldt))
            return;
        else
            cpu->Ldtr = ldt.ToSegment(selector);
        SystemOp.Complete(cpu, next);
    }

    private static void LoadTaskOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op) || !ReadSelector(cpu, op, out ushort selector)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (DescriptorTables.IsNull(selector))
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        if (!ReadSystemSegment(cpu, selector, out SegmentDescriptor tss, out ulong linear))
            return;
        bool isTss = tss.Type == SystemDescriptorType.TssAvailable
            || (tss.Type == SystemDescriptorType.Tss16Available && !DescriptorTables.IsLongMode(cpu));
        if (!CheckSystemSegment(cpu, selector, tss, isTss) || !DescriptorTables.WriteBusy(cpu, linear, in tss, isBusy: true))
            return;
        SegmentState task = tss.ToSegment(selector);
        task.Attributes |= SystemDescriptorType.BusyBit;
        cpu->Tr = task;
        SystemOp.Complete(cpu, next);
    }

    private static bool ReadSystemSegment(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out ulong linear)
    {
        const int tableIndicator = 4;
        descriptor = default;
        linear = 0;
        return (selector & tableIndicator) != 0
            ? SystemFault.WithSelector(cpu, Fault.Gp, selector)
            : DescriptorTables.ReadSystem(cpu, selector, out descriptor, out linear);
    }

    private static bool CheckSystemSegment(Cpu* cpu, ushort selector, in SegmentDescriptor descriptor, bool isRightType)
    {
        if (descriptor.IsCodeOrData || !isRightType)
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        return descriptor.IsPresent || SystemFault.WithSelector(cpu, Fault.Np, selector);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreSelectorToRegister(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequireUnprevented(cpu, op)) return;
        SystemOp.SetRegister(cpu, op->Dst, (int)op->Imm, Cpu.Segment(cpu, op->Aux)->Selector);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreSelectorToMemory(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequireUnprevented(cpu, op)) return;
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(ushort), true), Cpu.Segment(cpu, op->Aux)->Selector)) return;
        Chain.Next(cpu, op);
    }

    /// <summary>Looks a selector up without faulting for what it names; only paging may fault. <paramref name="isVisible"/>: it is inside
    /// its table and its privilege allows CPL and RPL (conforming code always does).</summary>
    private static bool Examine(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out bool isVisible)
    {
        descriptor = default;
        isVisible = false;
        if (DescriptorTables.IsNull(selector) || !DescriptorTables.TryFind(cpu, selector, sizeof(ulong), out ulong linear))
            return true;
        if (!SystemMemory.Read(cpu, linear, sizeof(ulong), out ulong bits))
            return false;
        descriptor = new SegmentDescriptor(bits);
        isVisible = (descriptor.IsCode && descriptor.IsConforming)
            || (descriptor.Dpl >= cpu->Cpl && descriptor.Dpl >= (selector & 3));
        return true;
    }

    private static void SetZero(Cpu* cpu, bool isSet) =>
        Flags.SetStatus(cpu, (Flags.ReadStatus(cpu) & ~Flags.Zf) | (isSet ? Flags.Zf : 0));

    /// <summary>System types that LAR and LSL answer for: TSSs and LDTs; LAR also call and task gates (SDM vol. 2, LAR table 3-53,
    /// LSL table 3-56).</summary>
    private static bool HasAccess(Cpu* cpu, in SegmentDescriptor descriptor, bool isLimit)
    {
        if (descriptor.IsCodeOrData)
            return true;
        const uint limits = 1 << 2 | 1 << 9 | 1 << 11, gates = 1 << 12;
        const uint limits16 = 1 << 1 | 1 << 3, gates16 = 1 << 4 | 1 << 5;
        uint valid = limits | (isLimit ? 0 : gates);
        if (!DescriptorTables.IsLongMode(cpu))
            valid |= limits16 | (isLimit ? 0 : gates16);
        return (valid >> descriptor.Type & 1) != 0;
    }

    private static void LoadAccessOp(Cpu* cpu, Op* op) => Answer(cpu, op, isLimit: false);

    private static void LoadLimitOp(Cpu* cpu, Op* op) => Answer(cpu, op, isLimit: true);

    private static void Answer(Cpu* cpu, Op* op, bool isLimit)
    {
        if (!ReadSelector(cpu, op, out ushort selector)) return;
        ushort destination = op->Dst;
        int size = (int)op->Imm;
        ulong next = SystemOp.Begin(cpu, op);
        if (!Examine(cpu, selector, out SegmentDescriptor descriptor, out bool isVisible))
            return;
        isVisible = isVisible && HasAccess(cpu, in descriptor, isLimit);
        if (isVisible)
        {
            ulong answer = isLimit ? descriptor.Limit : descriptor.Low >> 32 & 0x00F0FF00;
            SystemOp.SetRegister(cpu, destination, size, answer);
        }
        SetZero(cpu, isVisible);
        SystemOp.Complete(cpu, next);
    }

    private static void VerifyReadOp(Cpu* cpu, Op* op) => Verify(cpu, op, isWrite: false);

    private static void VerifyWriteOp(Cpu* cpu, Op* op) => Verify(cpu, op, isWrite: true);

    private static void Verify(Cpu* cpu, Op* op, bool isWrite)
    {
        if (!ReadSelector(cpu, op, out ushort selector)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (!Examine(cpu, selector, out SegmentDescriptor descriptor, out bool isVisible))
            return;
        SetZero(cpu, isVisible && (isWrite ? descriptor.IsWritableData : descriptor.IsReadable));
        SystemOp.Complete(cpu, next);
    }

    /// <summary>ARPL: raises the RPL of a selector to another's (SDM vol. 3, 5.10.4).</summary>
    private static void AdjustPrivilegeOp(Cpu* cpu, Op* op)
    {
        ulong source = Int.Reg<ushort>(cpu, op->Src) & 3;
        ushort target;
        if (op->Aux != 0)
        {
            // A read at first: only a selector that changes is written.
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(ushort)), out target)) return;
        }
        else
        {
            target = (ushort)Int.Reg<ushort>(cpu, op->Dst);
        }
        bool isRaised = (target & 3u) < source;
        if (isRaised)
        {
            ushort raised = (ushort)((target & ~3u) | source);
            if (op->Aux == 0) Int.SetReg<ushort>(cpu, op->Dst, raised);
            else if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(ushort), true), raised)) return;
        }
        SetZero(cpu, isRaised);
        Chain.Leave(cpu, op);
    }
}
