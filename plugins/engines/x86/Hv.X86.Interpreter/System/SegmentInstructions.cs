using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>MOV, PUSH and POP of segment registers, LDS to LGS (SDM vol. 1, 5.1.10; vol. 2, MOV, PUSH, POP, LDS). Aux is the segment
/// register's number; for stack forms Imm is the operand size in bytes.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class SegmentInstructions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Mov_rm16_Sreg, Code.Mov_r32m16_Sreg, Code.Mov_r64m16_Sreg], &MoveFrom);
        table.Add([Code.Mov_Sreg_rm16, Code.Mov_Sreg_r32m16, Code.Mov_Sreg_r64m16], &MoveTo);
        table.Add([Code.Pushw_ES, Code.Pushd_ES, Code.Pushw_CS, Code.Pushd_CS, Code.Pushw_SS, Code.Pushd_SS, Code.Pushw_DS, Code.Pushd_DS,
            Code.Pushw_FS, Code.Pushd_FS, Code.Pushq_FS, Code.Pushw_GS, Code.Pushd_GS, Code.Pushq_GS], &Push);
        table.Add([Code.Popw_ES, Code.Popd_ES, Code.Popw_SS, Code.Popd_SS, Code.Popw_DS, Code.Popd_DS,
            Code.Popw_FS, Code.Popd_FS, Code.Popq_FS, Code.Popw_GS, Code.Popd_GS, Code.Popq_GS], &Pop);
        LoadPointer(table, Code.Les_r16_m1616, Code.Les_r32_m1632, Code.INVALID, SegmentRegister.Es);
        LoadPointer(table, Code.Lds_r16_m1616, Code.Lds_r32_m1632, Code.INVALID, SegmentRegister.Ds);
        LoadPointer(table, Code.Lss_r16_m1616, Code.Lss_r32_m1632, Code.Lss_r64_m1664, SegmentRegister.Ss);
        LoadPointer(table, Code.Lfs_r16_m1616, Code.Lfs_r32_m1632, Code.Lfs_r64_m1664, SegmentRegister.Fs);
        LoadPointer(table, Code.Lgs_r16_m1616, Code.Lgs_r32_m1632, Code.Lgs_r64_m1664, SegmentRegister.Gs);
    }

    private static void LoadPointer(OpTable table, Code code16, Code code32, Code code64, int segment)
    {
        ReadOnlySpan<Code> codes = code64 == Code.INVALID ? [code16, code32] : [code16, code32, code64];
        switch (segment)
        {
            case SegmentRegister.Es: table.Add(codes, &LoadPointerEs); break;
            case SegmentRegister.Ds: table.Add(codes, &LoadPointerDs); break;
            case SegmentRegister.Ss: table.Add(codes, &LoadPointerSs); break;
            case SegmentRegister.Fs: table.Add(codes, &LoadPointerFs); break;
            default: table.Add(codes, &LoadPointerGs); break;
        }
    }

    private static void LoadPointerEs(BlockBuilder b) => LoadPointer(b, SegmentRegister.Es);
    private static void LoadPointerDs(BlockBuilder b) => LoadPointer(b, SegmentRegister.Ds);
    private static void LoadPointerSs(BlockBuilder b) => LoadPointer(b, SegmentRegister.Ss);
    private static void LoadPointerFs(BlockBuilder b) => LoadPointer(b, SegmentRegister.Fs);
    private static void LoadPointerGs(BlockBuilder b) => LoadPointer(b, SegmentRegister.Gs);

    private static void MoveFrom(BlockBuilder b)
    {
        b.Op->Aux = (ushort)b.RegisterNumber(1);
        if (b.IsMemory(0))
        {
            b.Emit(&StoreSelector);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.Emit(&CopySelector);
    }

    private static void MoveTo(BlockBuilder b)
    {
        int segment = b.RegisterNumber(0);
        if (segment == SegmentRegister.Cs)
        {
            b.Undefined();
            return;
        }
        b.Op->Aux = (ushort)segment;
        if (b.IsMemory(1))
        {
            b.EmitEnd(&LoadFromMemory);
            return;
        }
        b.Op->Src = b.Register(1);
        b.EmitEnd(&LoadFromRegister);
    }

    private static void Push(BlockBuilder b)
    {
        b.Op->Aux = (ushort)b.RegisterNumber(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.EmitEnd(&PushSelector);
    }

    private static void Pop(BlockBuilder b)
    {
        b.Op->Aux = (ushort)b.RegisterNumber(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.EmitEnd(&PopSelector);
    }

    private static void LoadPointer(BlockBuilder b, int segment)
    {
        b.Op->Aux = (ushort)segment;
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.EmitEnd(&LoadFarPointer);
    }

    [MethodImpl(Jit.Handler)]
    private static void CopySelector(Cpu* cpu, Op* op)
    {
        SystemOp.SetRegister(cpu, op->Dst, (int)op->Imm, Cpu.Segment(cpu, op->Aux)->Selector);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreSelector(Cpu* cpu, Op* op)
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(ushort), true), Cpu.Segment(cpu, op->Aux)->Selector)) return;
        Chain.Next(cpu, op);
    }

    private static void LoadFromRegister(Cpu* cpu, Op* op) => Load(cpu, op, (ushort)Int.Reg<ushort>(cpu, op->Src));

    private static void LoadFromMemory(Cpu* cpu, Op* op)
    {
        if (Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(ushort)), out ushort selector))
            Load(cpu, op, selector);
    }

    private static void Load(Cpu* cpu, Op* op, ushort selector)
    {
        int segment = op->Aux;
        ulong next = SystemOp.Begin(cpu, op);
        if (!SegmentLoader.Load(cpu, segment, selector))
            return;
        if (segment == SegmentRegister.Ss)
            cpu->Shadow |= Shadow.MovSs;
        SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void PushSelector(Cpu* cpu, Op* op)
    {
        int size = (int)op->Imm;
        ushort selector = Cpu.Segment(cpu, op->Aux)->Selector;
        ulong next = SystemOp.Begin(cpu, op);
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Push(selector, size))
            return;
        stack.Commit();
        SystemOp.Complete(cpu, next);
    }

    private static void PopSelector(Cpu* cpu, Op* op)
    {
        int segment = op->Aux, size = (int)op->Imm;
        ulong next = SystemOp.Begin(cpu, op);
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Pop(out ulong selector, size) || !SegmentLoader.Load(cpu, segment, (ushort)selector))
            return;
        stack.Commit();
        if (segment == SegmentRegister.Ss)
            cpu->Shadow |= Shadow.MovSs;
        SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void LoadFarPointer(Cpu* cpu, Op* op)
    {
        if (!FarPointer.TryRead(cpu, op, (int)op->Imm, out ulong offset, out ushort selector))
            return;
        int segment = op->Aux, size = (int)op->Imm;
        ushort destination = op->Dst;
        ulong next = SystemOp.Begin(cpu, op);
        if (!SegmentLoader.Load(cpu, segment, selector))
            return;
        SystemOp.SetRegister(cpu, destination, size, offset);
        SystemOp.CompleteRefreshed(cpu, next);
    }
}

/// <summary>A far pointer in memory: an offset of the operand size, then a selector.</summary>
internal static unsafe class FarPointer
{
    /// <summary>Reads the Op's memory operand; false after a fault.</summary>
    public static bool TryRead(Cpu* cpu, Op* op, int size, out ulong offset, out ushort selector)
    {
        offset = 0;
        selector = 0;
        // One check for the whole operand; the parts lie next to each other.
        ulong linear = Address.Linear(cpu, op, size + sizeof(ushort));
        return ReadOffset(cpu, op, linear, size, out offset)
            && Memory.Read(cpu, op, linear == Memory.Poison ? linear : linear + (ulong)size, out selector);
    }

    private static bool ReadOffset(Cpu* cpu, Op* op, ulong linear, int size, out ulong offset)
    {
        bool isRead;
        if (size == 2)
        {
            isRead = Memory.Read(cpu, op, linear, out ushort word);
            offset = word;
        }
        else if (size == 4)
        {
            isRead = Memory.Read(cpu, op, linear, out uint doubleword);
            offset = doubleword;
        }
        else
        {
            isRead = Memory.Read(cpu, op, linear, out offset);
        }
        return isRead;
    }
}
