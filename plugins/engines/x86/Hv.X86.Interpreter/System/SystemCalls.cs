using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS and the FS and GS base instructions (SDM vol. 2; vol. 3, 5.8.7 and 5.8.8). The
/// segments they load are flat and never read from a table.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class SystemCalls
{
    private const ushort FlatCode = SegmentAttributes.RealModeCode | SegmentAttributes.Granular;
    private const ushort FlatData = SegmentAttributes.RealModeData | SegmentAttributes.Granular | SegmentAttributes.Default32;
    /// <summary>RFLAGS bits that SYSRET takes from R11: all defined but RF and VM.</summary>
    private const ulong ReturnFlags = 0x3C7FD7;

    public static void Register(OpTable table)
    {
        table.Add(Code.Syscall, &SystemCall);
        table.Add([Code.Sysretd, Code.Sysretq], &SystemReturn);
        table.Add(Code.Sysenter, &Enter);
        table.Add([Code.Sysexitd, Code.Sysexitq], &Exit);
        table.Add(Code.Swapgs, &Swap);
        table.Add([Code.Rdfsbase_r32, Code.Rdgsbase_r32, Code.Rdfsbase_r64, Code.Rdgsbase_r64], &ReadBase);
        table.Add([Code.Wrfsbase_r32, Code.Wrgsbase_r32, Code.Wrfsbase_r64, Code.Wrgsbase_r64], &WriteBase);
    }

    private static void SystemCall(BlockBuilder b)
    {
        // As on Intel's processors: 64-bit code only.
        if (b.Is64) b.EmitEnd(&SystemCallOp);
        else b.Undefined();
    }

    private static void SystemReturn(BlockBuilder b)
    {
        b.Op->Imm = b.Instruction.Code == Code.Sysretq ? 8 : 4;
        if (b.Is64) b.EmitEnd(&SystemReturnOp);
        else b.Undefined();
    }

    private static void Enter(BlockBuilder b) => b.EmitEnd(&EnterOp);

    private static void Exit(BlockBuilder b)
    {
        b.Op->Imm = b.Instruction.Code == Code.Sysexitq ? 8 : 4;
        b.EmitEnd(&ExitOp);
    }

    private static void Swap(BlockBuilder b) => b.Emit(&SwapOp);

    private static void ReadBase(BlockBuilder b)
    {
        b.Op->Dst = b.Register(0);
        b.Op->Aux = IsFs(b.Instruction.Code) ? (ushort)SegmentRegister.Fs : (ushort)SegmentRegister.Gs;
        b.Op->Imm = b.Instruction.Code is Code.Rdfsbase_r64 or Code.Rdgsbase_r64 ? 8 : 4;
        b.Emit(&ReadBaseOp);
    }

    private static void WriteBase(BlockBuilder b)
    {
        b.Op->Src = b.Register(0);
        b.Op->Aux = IsFs(b.Instruction.Code) ? (ushort)SegmentRegister.Fs : (ushort)SegmentRegister.Gs;
        b.Op->Imm = b.Instruction.Code is Code.Wrfsbase_r64 or Code.Wrgsbase_r64 ? 8 : 4;
        b.Emit(&WriteBaseOp);
    }

    private static bool IsFs(Code code) =>
        code is Code.Rdfsbase_r32 or Code.Rdfsbase_r64 or Code.Wrfsbase_r32 or Code.Wrfsbase_r64;

    private static void SystemCallOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        if ((cpu->Efer & Efer.Sce) == 0)
        {
            SystemFault.InvalidOpcode(cpu);
            return;
        }
        ulong flags = Flags.Read(cpu) & ~Rflags.Rf;
        cpu->Gpr[GeneralRegister.Rcx] = next;
        cpu->Gpr[GeneralRegister.R11] = flags;
        Flags.Write(cpu, flags & ~cpu->Fmask);
        LoadFlat(cpu, (ushort)(cpu->Star >> 32), cpl: 0, SegmentAttributes.Long);
        SystemOp.CompleteRefreshed(cpu, cpu->Lstar);
    }

    private static void SystemReturnOp(Cpu* cpu, Op* op)
    {
        bool is64 = op->Imm == 8;
        SystemOp.Begin(cpu, op);
        if ((cpu->Efer & Efer.Sce) == 0)
        {
            SystemFault.InvalidOpcode(cpu);
            return;
        }
        ulong target = cpu->Gpr[GeneralRegister.Rcx];
        if (cpu->Cpl != 0 || (is64 && !CpuMode.IsCanonical(cpu, target)))
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        Flags.Write(cpu, (cpu->Gpr[GeneralRegister.R11] & ReturnFlags) | Rflags.One);
        ushort selectors = (ushort)(cpu->Star >> 48);
        cpu->Cs = FlatCodeSegment((ushort)(selectors + (is64 ? 16 : 0)), 3, is64 ? SegmentAttributes.Long : SegmentAttributes.Default32);
        cpu->Ss = FlatDataSegment((ushort)(selectors + 8), 3);
        cpu->Cpl = 3;
        SystemOp.CompleteRefreshed(cpu, is64 ? target : (uint)target);
    }

    private static void EnterOp(Cpu* cpu, Op* op)
    {
        SystemOp.Begin(cpu, op);
        if ((cpu->Cr0 & Cr0.Pe) == 0 || DescriptorTables.IsNull((uint)cpu->SysenterCs))
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        bool isLongMode = DescriptorTables.IsLongMode(cpu);
        cpu->Rflags &= ~(Rflags.Vm | Rflags.If | Rflags.Rf);
        LoadFlat(cpu, (ushort)cpu->SysenterCs, cpl: 0, isLongMode ? SegmentAttributes.Long : SegmentAttributes.Default32);
        cpu->Gpr[GeneralRegister.Rsp] = isLongMode ? cpu->SysenterEsp : (uint)cpu->SysenterEsp;
        SystemOp.CompleteRefreshed(cpu, isLongMode ? cpu->SysenterEip : (uint)cpu->SysenterEip);
    }

    private static void ExitOp(Cpu* cpu, Op* op)
    {
        bool is64 = op->Imm == 8;
        SystemOp.Begin(cpu, op);
        ulong target = cpu->Gpr[GeneralRegister.Rdx], stack = cpu->Gpr[GeneralRegister.Rcx];
        bool isRefused = (cpu->Cr0 & Cr0.Pe) == 0 || cpu->Cpl != 0 || DescriptorTables.IsNull((uint)cpu->SysenterCs)
            || (is64 && !(CpuMode.IsCanonical(cpu, target) && CpuMode.IsCanonical(cpu, stack)));
        if (isRefused)
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        ushort code = (ushort)(cpu->SysenterCs + (is64 ? 32u : 16u));
        cpu->Cs = FlatCodeSegment(code, 3, is64 ? SegmentAttributes.Long : SegmentAttributes.Default32);
        cpu->Ss = FlatDataSegment((ushort)(code + 8), 3);
        cpu->Cpl = 3;
        cpu->Gpr[GeneralRegister.Rsp] = is64 ? stack : (uint)stack;
        SystemOp.CompleteRefreshed(cpu, is64 ? target : (uint)target);
    }

    /// <summary>CS from a selector and SS from the one after it.</summary>
    private static void LoadFlat(Cpu* cpu, ushort selector, int cpl, ushort size)
    {
        cpu->Cs = FlatCodeSegment(selector, cpl, size);
        cpu->Ss = FlatDataSegment((ushort)((selector & ~3) + 8), cpl);
        cpu->Cpl = (byte)cpl;
    }

    private static SegmentState FlatCodeSegment(ushort selector, int cpl, ushort size) => new()
    {
        Selector = (ushort)((selector & ~3) | cpl),
        Limit = uint.MaxValue,
        Attributes = (ushort)(FlatCode | size | cpl << SegmentAttributes.DplShift),
    };

    private static SegmentState FlatDataSegment(ushort selector, int cpl) => new()
    {
        Selector = (ushort)((selector & ~3) | cpl),
        Limit = uint.MaxValue,
        Attributes = (ushort)(FlatData | cpl << SegmentAttributes.DplShift),
    };

    [MethodImpl(Jit.Handler)]
    private static void SwapOp(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl != 0)
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        ulong kernel = cpu->KernelGsBase;
        cpu->KernelGsBase = cpu->Gs.Base;
        cpu->Gs.Base = kernel;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ReadBaseOp(Cpu* cpu, Op* op)
    {
        if ((cpu->Cr4 & Cr4.Fsgsbase) == 0)
        {
            Fault.InvalidOpcode(cpu, op);
            return;
        }
        SystemOp.SetRegister(cpu, op->Dst, (int)op->Imm, Cpu.Segment(cpu, op->Aux)->Base);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void WriteBaseOp(Cpu* cpu, Op* op)
    {
        if ((cpu->Cr4 & Cr4.Fsgsbase) == 0)
        {
            Fault.InvalidOpcode(cpu, op);
            return;
        }
        ulong value = Int.Reg<ulong>(cpu, op->Src);
        if (op->Imm == 4) value = (uint)value;
        if (!CpuMode.IsCanonical(cpu, value))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        Cpu.Segment(cpu, op->Aux)->Base = value;
        Chain.Next(cpu, op);
    }
}
