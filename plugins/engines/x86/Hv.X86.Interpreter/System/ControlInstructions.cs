using System.Runtime.CompilerServices;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Control, debug and model-specific registers, translations, caches, HLT, CPUID, the time-stamp counter, PKRU, RSM
/// (SDM vol. 1, 5.1.13 and 5.20; vol. 2).</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class ControlInstructions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Mov_r32_cr, Code.Mov_r64_cr], &MoveFromControl);
        table.Add([Code.Mov_cr_r32, Code.Mov_cr_r64], &MoveToControl);
        table.Add([Code.Mov_r32_dr, Code.Mov_r64_dr], &MoveFromDebug);
        table.Add([Code.Mov_dr_r32, Code.Mov_dr_r64], &MoveToDebug);
        table.Add([Code.Smsw_rm16, Code.Smsw_r32m16, Code.Smsw_r64m16], &StoreMachineStatus);
        table.Add([Code.Lmsw_rm16, Code.Lmsw_r32m16, Code.Lmsw_r64m16], &LoadMachineStatus);
        table.Add(Code.Clts, &ClearTaskSwitched);
        table.Add(Code.Xgetbv, &GetExtendedControl);
        table.Add(Code.Xsetbv, &SetExtendedControl);
        table.Add(Code.Invlpg_m, &InvalidatePage);
        table.Add([Code.Invpcid_r32_m128, Code.Invpcid_r64_m128], &InvalidateContext);
        table.Add([Code.Invd, Code.Wbinvd, Code.Wbnoinvd], &FlushCaches);
        table.Add(Code.Hlt, &Halt);
        table.Add(Code.Cpuid, &Identify);
        table.Add(Code.Rdmsr, &ReadModelSpecific);
        table.Add(Code.Wrmsr, &WriteModelSpecific);
        table.Add(Code.Rdtsc, &ReadTimeStamp);
        table.Add(Code.Rdtscp, &ReadTimeStampAndId);
        table.Add([Code.Rdpid_r32, Code.Rdpid_r64], &ReadProcessorId);
        table.Add(Code.Rdpmc, &ReadPerformanceCounter);
        table.Add(Code.Rdpkru, &ReadProtectionKeys);
        table.Add(Code.Wrpkru, &WriteProtectionKeys);
        table.Add(Code.Rsm, &ResumeFromManagement);
    }

    // Builders.

    private static void MoveFromControl(BlockBuilder b)
    {
        int number = b.RegisterNumber(1);
        b.Op->Dst = b.Register(0);
        b.Op->Aux = (ushort)number;
        if (IsControlRegister(b, number)) b.Emit(&MoveFromControlOp);
        else b.Undefined();
    }

    private static void MoveToControl(BlockBuilder b)
    {
        int number = b.RegisterNumber(0);
        b.Op->Src = b.Register(1);
        b.Op->Aux = (ushort)number;
        if (IsControlRegister(b, number)) b.EmitEnd(&MoveToControlOp);
        else b.Undefined();
    }

    private static bool IsControlRegister(BlockBuilder b, int number) => number is 0 or 2 or 3 or 4 || (number == 8 && b.Is64);

    private static void MoveFromDebug(BlockBuilder b)
    {
        b.Op->Dst = b.Register(0);
        b.Op->Aux = (ushort)b.RegisterNumber(1);
        if (b.RegisterNumber(1) < 8) b.EmitEnd(&MoveFromDebugOp);
        else b.Undefined();
    }

    private static void MoveToDebug(BlockBuilder b)
    {
        b.Op->Src = b.Register(1);
        b.Op->Aux = (ushort)b.RegisterNumber(0);
        if (b.RegisterNumber(0) < 8) b.EmitEnd(&MoveToDebugOp);
        else b.Undefined();
    }

    private static void StoreMachineStatus(BlockBuilder b)
    {
        if (b.IsMemory(0))
        {
            b.Emit(&StoreMachineStatusToMemory);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Op->Imm = SystemOp.OperandBytes(b);
        b.Emit(&StoreMachineStatusToRegister);
    }

    private static void LoadMachineStatus(BlockBuilder b)
    {
        if (!b.IsMemory(0)) b.Op->Src = b.Register(0);
        b.Op->Aux = b.IsMemory(0) ? (ushort)1 : (ushort)0;
        b.EmitEnd(&LoadMachineStatusOp);
    }

    private static void ClearTaskSwitched(BlockBuilder b) => b.EmitEnd(&ClearTaskSwitchedOp);

    private static void GetExtendedControl(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.Osxsave) != 0) b.EmitEnd(&GetExtendedControlOp);
        else b.Undefined();
    }

    private static void SetExtendedControl(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.Osxsave) != 0) b.EmitEnd(&SetExtendedControlOp);
        else b.Undefined();
    }

    private static void InvalidatePage(BlockBuilder b) => b.EmitEnd(&InvalidatePageOp);

    private static void InvalidateContext(BlockBuilder b)
    {
        b.Op->Src = b.Register(0);
        b.EmitEnd(&InvalidateContextOp);
    }

    private static void FlushCaches(BlockBuilder b) => b.EmitEnd(&FlushCachesOp);
    private static void Halt(BlockBuilder b) => b.EmitEnd(&HaltOp);
    private static void Identify(BlockBuilder b) => b.EmitEnd(&IdentifyOp);
    private static void ReadModelSpecific(BlockBuilder b) => b.EmitEnd(&ReadModelSpecificOp);
    private static void WriteModelSpecific(BlockBuilder b) => b.EmitEnd(&WriteModelSpecificOp);
    private static void ReadTimeStamp(BlockBuilder b) => b.EmitEnd(&ReadTimeStampOp);
    private static void ReadTimeStampAndId(BlockBuilder b) => b.EmitEnd(&ReadTimeStampAndIdOp);

    private static void ReadProcessorId(BlockBuilder b)
    {
        b.Op->Dst = b.Register(0);
        b.Emit(&ReadProcessorIdOp);
    }

    private static void ReadPerformanceCounter(BlockBuilder b) => b.EmitEnd(&ReadPerformanceCounterOp);
    private static void ReadProtectionKeys(BlockBuilder b) => b.EmitEnd(&ReadProtectionKeysOp);
    private static void WriteProtectionKeys(BlockBuilder b) => b.EmitEnd(&WriteProtectionKeysOp);
    private static void ResumeFromManagement(BlockBuilder b) => b.EmitEnd(&ResumeFromManagementOp);

    // Handlers.

    [MethodImpl(Jit.Handler)]
    private static void MoveFromControlOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        *(ulong*)((byte*)cpu + op->Dst) = ReadControl(cpu, op->Aux);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static ulong ReadControl(Cpu* cpu, int number) => number switch
    {
        0 => cpu->Cr0,
        2 => cpu->Cr2,
        3 => cpu->Cr3,
        4 => cpu->Cr4,
        _ => Vcpu.Of(cpu).Apic.Cr8,
    };

    private static void MoveToControlOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        bool is64 = (cpu->Mode & CodeMode.Code64) != 0;
        ulong value = is64 ? Int.Reg<ulong>(cpu, op->Src) : Int.Reg<uint>(cpu, op->Src);
        int number = op->Aux;
        ulong next = SystemOp.Begin(cpu, op);
        bool isDone;
        switch (number)
        {
            case 0: isDone = ControlRegisters.WriteCr0(cpu, value); break;
            case 2:
                cpu->Cr2 = value;
                isDone = true;
                break;
            case 3: isDone = ControlRegisters.WriteCr3(cpu, value); break;
            case 4: isDone = ControlRegisters.WriteCr4(cpu, value); break;
            default: isDone = ControlRegisters.WriteCr8(cpu, value); break;
        }
        if (isDone)
            SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void MoveFromDebugOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        int number = op->Aux;
        ushort destination = op->Dst;
        ulong next = SystemOp.Begin(cpu, op);
        if (!DebugRegisters.Select(cpu, ref number))
            return;
        *(ulong*)((byte*)cpu + destination) = cpu->Dr[number];
        SystemOp.Complete(cpu, next);
    }

    private static void MoveToDebugOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        bool is64 = (cpu->Mode & CodeMode.Code64) != 0;
        ulong value = is64 ? Int.Reg<ulong>(cpu, op->Src) : Int.Reg<uint>(cpu, op->Src);
        int number = op->Aux;
        ulong next = SystemOp.Begin(cpu, op);
        if (DebugRegisters.Select(cpu, ref number) && DebugRegisters.Write(cpu, number, value))
            SystemOp.CompleteRefreshed(cpu, next);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreMachineStatusToRegister(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequireUnprevented(cpu, op)) return;
        SystemOp.SetRegister(cpu, op->Dst, (int)op->Imm, cpu->Cr0);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreMachineStatusToMemory(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequireUnprevented(cpu, op)) return;
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(ushort), true), (ushort)cpu->Cr0)) return;
        Chain.Next(cpu, op);
    }

    private static void LoadMachineStatusOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ushort value = (ushort)cpu->Gpr[0];
        if (op->Aux == 0) value = (ushort)Int.Reg<ushort>(cpu, op->Src);
        else if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(ushort)), out value)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (ControlRegisters.WriteMachineStatus(cpu, value))
            SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void ClearTaskSwitchedOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        cpu->Cr0 &= ~Cr0.Ts;
        SystemOp.CompleteRefreshed(cpu, SystemOp.Begin(cpu, op));
    }

    private static void GetExtendedControlOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        if (!ControlRegisters.ReadXcr(cpu, (uint)cpu->Gpr[GeneralRegister.Rcx], out ulong value))
            return;
        SetEdxEax(cpu, value);
        SystemOp.Complete(cpu, next);
    }

    private static void SetExtendedControlOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (ControlRegisters.WriteXcr(cpu, (uint)cpu->Gpr[GeneralRegister.Rcx], EdxEax(cpu)))
            SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void InvalidatePageOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ulong linear = Address.Linear(cpu, op, 1);
        if (linear == Memory.Poison)
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        ulong next = SystemOp.Begin(cpu, op);
        // A non-canonical address is no fault here (SDM vol. 2, INVLPG).
        Tlb.FlushPage(cpu, linear);
        SystemOp.Complete(cpu, next);
    }

    private static void InvalidateContextOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ulong linear = Address.Linear(cpu, op, 16);
        if (!Memory.Read(cpu, op, linear, out ulong context)
            || !Memory.Read(cpu, op, linear + sizeof(ulong), out ulong target)) return;
        bool is64 = (cpu->Mode & CodeMode.Code64) != 0;
        ulong kind = is64 ? Int.Reg<ulong>(cpu, op->Src) : Int.Reg<uint>(cpu, op->Src);
        ulong next = SystemOp.Begin(cpu, op);
        if (Invalidate(cpu, kind, context, target))
            SystemOp.Complete(cpu, next);
    }

    /// <summary>INVPCID (SDM vol. 2). Only the present context has translations here: others need nothing.</summary>
    private static bool Invalidate(Cpu* cpu, ulong kind, ulong context, ulong target)
    {
        const ulong oneAddress = 0, oneContext = 1, allWithGlobals = 2, all = 3;
        bool isContextValid = context <= Cr3.PcidMask && (context == 0 || (cpu->Cr4 & Cr4.Pcide) != 0);
        bool isRefused = kind > all
            || (kind is oneAddress or oneContext && !isContextValid)
            || (kind is allWithGlobals or all && context > Cr3.PcidMask)
            || (kind == oneAddress && !CpuMode.IsCanonical(cpu, target));
        if (isRefused)
            return SystemFault.GeneralProtection(cpu);
        ulong present = (cpu->Cr4 & Cr4.Pcide) != 0 ? cpu->Cr3 & Cr3.PcidMask : 0;
        if (kind is oneAddress or oneContext && context != present)
            return true;
        if (kind == oneAddress)
            Tlb.FlushPage(cpu, target);
        else
            Tlb.FlushAll(cpu);
        return true;
    }

    private static void FlushCachesOp(Cpu* cpu, Op* op)
    {
        if (SystemOp.RequirePrivilege(cpu, op)) Chain.Leave(cpu, op);
    }

    private static void HaltOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        Vcpu.Of(cpu).Counters.Halts++;
        cpu->Stop = Stop.Halt;
        Chain.Leave(cpu, op);
    }

    private static void IdentifyOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        Vcpu vcpu = Vcpu.Of(cpu);
        const ulong apicEnabled = 1 << 11;
        CpuidContext context = new((uint)vcpu.Index, (vcpu.Apic.ApicBase & apicEnabled) != 0, cpu->Cr4, cpu->Xcr0);
        CpuidResult result = vcpu.Model.Query(
            (uint)cpu->Gpr[GeneralRegister.Rax], (uint)cpu->Gpr[GeneralRegister.Rcx], in context);
        cpu->Gpr[GeneralRegister.Rax] = result.Eax;
        cpu->Gpr[GeneralRegister.Rbx] = result.Ebx;
        cpu->Gpr[GeneralRegister.Rcx] = result.Ecx;
        cpu->Gpr[GeneralRegister.Rdx] = result.Edx;
        SystemOp.Complete(cpu, next);
    }

    private static void ReadModelSpecificOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (!ModelSpecificRegisters.Read(cpu, (uint)cpu->Gpr[GeneralRegister.Rcx], out ulong value))
            return;
        SetEdxEax(cpu, value);
        SystemOp.Complete(cpu, next);
    }

    private static void WriteModelSpecificOp(Cpu* cpu, Op* op)
    {
        if (!SystemOp.RequirePrivilege(cpu, op)) return;
        ulong next = SystemOp.Begin(cpu, op);
        if (ModelSpecificRegisters.Write(cpu, (uint)cpu->Gpr[GeneralRegister.Rcx], EdxEax(cpu)))
            SystemOp.CompleteRefreshed(cpu, next);
    }

    private static void ReadTimeStampOp(Cpu* cpu, Op* op)
    {
        if (!RequireTimeStamp(cpu, op)) return;
        ulong next = SystemOp.Begin(cpu, op);
        SetEdxEax(cpu, Vcpu.Of(cpu).ReadTsc());
        SystemOp.Complete(cpu, next);
    }

    private static void ReadTimeStampAndIdOp(Cpu* cpu, Op* op)
    {
        if (!RequireTimeStamp(cpu, op)) return;
        ulong next = SystemOp.Begin(cpu, op);
        SetEdxEax(cpu, Vcpu.Of(cpu).ReadTsc());
        cpu->Gpr[GeneralRegister.Rcx] = (uint)cpu->TscAux;
        SystemOp.Complete(cpu, next);
    }

    private static bool RequireTimeStamp(Cpu* cpu, Op* op)
    {
        if (cpu->Cpl == 0 || (cpu->Cr4 & Cr4.Tsd) == 0)
            return true;
        Fault.GeneralProtection(cpu, op);
        return false;
    }

    [MethodImpl(Jit.Handler)]
    private static void ReadProcessorIdOp(Cpu* cpu, Op* op)
    {
        *(ulong*)((byte*)cpu + op->Dst) = (uint)cpu->TscAux;
        Chain.Next(cpu, op);
    }

    private static void ReadPerformanceCounterOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        bool isAllowed = cpu->Cpl == 0 || (cpu->Cr4 & Cr4.Pce) != 0 || (cpu->Cr0 & Cr0.Pe) == 0;
        // Two counters, as the P6 family has; they stand still.
        if (!isAllowed || (uint)cpu->Gpr[GeneralRegister.Rcx] > 1)
        {
            SystemFault.GeneralProtection(cpu);
            return;
        }
        SetEdxEax(cpu, 0);
        SystemOp.Complete(cpu, next);
    }

    private static void ReadProtectionKeysOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        if (!RequireProtectionKeys(cpu, isWrite: false))
            return;
        SetEdxEax(cpu, cpu->Pkru);
        SystemOp.Complete(cpu, next);
    }

    private static void WriteProtectionKeysOp(Cpu* cpu, Op* op)
    {
        ulong next = SystemOp.Begin(cpu, op);
        if (!RequireProtectionKeys(cpu, isWrite: true))
            return;
        uint value = (uint)cpu->Gpr[GeneralRegister.Rax];
        if (value != cpu->Pkru)
        {
            cpu->Pkru = value;
            Tlb.FlushAll(cpu);
        }
        SystemOp.Complete(cpu, next);
    }

    private static bool RequireProtectionKeys(Cpu* cpu, bool isWrite)
    {
        if ((cpu->Cr4 & Cr4.Pke) == 0)
            return SystemFault.InvalidOpcode(cpu);
        bool isZero = (uint)cpu->Gpr[GeneralRegister.Rcx] == 0 && (!isWrite || (uint)cpu->Gpr[GeneralRegister.Rdx] == 0);
        return isZero || SystemFault.GeneralProtection(cpu);
    }

    private static void ResumeFromManagementOp(Cpu* cpu, Op* op)
    {
        SystemOp.Begin(cpu, op);
        if (SystemManagement.Resume(cpu))
            cpu->Retired++;
    }

    private static ulong EdxEax(Cpu* cpu) => cpu->Gpr[GeneralRegister.Rdx] << 32 | (uint)cpu->Gpr[GeneralRegister.Rax];

    private static void SetEdxEax(Cpu* cpu, ulong value)
    {
        cpu->Gpr[GeneralRegister.Rax] = (uint)value;
        cpu->Gpr[GeneralRegister.Rdx] = value >> 32;
    }
}
