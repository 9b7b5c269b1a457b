using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>MOV to CR0, CR3, CR4 and CR8, LMSW, CLTS, XSETBV, and EFER's writes: checks and what follows for
/// translations (SDM vol. 2, MOV–Move to/from Control Registers; vol. 3, 2.5, 4.10.4, 10.8.5). Privilege is checked by
/// the caller, who also refreshes <see cref="CpuMode"/>.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class ControlRegisters
{
    /// <summary>MOV to CR0.</summary>
    public static bool WriteCr0(Cpu* cpu, ulong value)
    {
        if (value >> 32 != 0)
            return SystemFault.GeneralProtection(cpu);
        value = (value & Cr0.Defined) | Cr0.Et;
        ulong old = cpu->Cr0;
        bool isPagingWithoutProtection = (value & Cr0.Pg) != 0 && (value & Cr0.Pe) == 0;
        bool isWriteBackWithoutCache = (value & Cr0.Nw) != 0 && (value & Cr0.Cd) == 0;
        if (isPagingWithoutProtection || isWriteBackWithoutCache)
            return SystemFault.GeneralProtection(cpu);
        bool turnsPagingOn = (value & ~old & Cr0.Pg) != 0;
        bool turnsPagingOff = (old & ~value & Cr0.Pg) != 0;
        ulong efer = cpu->Efer;
        if (turnsPagingOn && (efer & Efer.Lme) != 0)
        {
            const int tss16 = 8;
            bool isRefused = (cpu->Cr4 & Cr4.Pae) == 0 || (cpu->Cs.Attributes & SegmentAttributes.Long) != 0
                || (cpu->Tr.Attributes & tss16) == 0;
            if (isRefused)
                return SystemFault.GeneralProtection(cpu);
            efer |= Efer.Lma;
        }
        if (turnsPagingOff)
        {
            if ((cpu->Mode & CodeMode.Code64) != 0 || (cpu->Cr4 & Cr4.Pcide) != 0)
                return SystemFault.GeneralProtection(cpu);
            efer &= ~Efer.Lma;
        }
        ulong reloading = Cr0.Pg | Cr0.Cd | Cr0.Nw;
        if (((value ^ old) & reloading) != 0 && PageDirectoryPointers.AreInUse(value, cpu->Cr4, efer)
            && !PageDirectoryPointers.TryLoad(cpu, cpu->Cr3))
            return SystemFault.GeneralProtection(cpu);
        cpu->Cr0 = value;
        cpu->Efer = efer;
        NumericErrorPin.Update(cpu, null);
        if (((value ^ old) & (Cr0.Pg | Cr0.Wp | Cr0.Pe)) != 0)
            Tlb.FlushAll(cpu);
        return true;
    }

    /// <summary>LMSW: PE can be set but not cleared; MP, EM and TS are free.</summary>
    public static bool WriteMachineStatus(Cpu* cpu, ulong value)
    {
        const ulong low = Cr0.Pe | Cr0.Mp | Cr0.Em | Cr0.Ts;
        return WriteCr0(cpu, (cpu->Cr0 & ~(low & ~Cr0.Pe)) | (value & low));
    }

    /// <summary>MOV to CR3.</summary>
    public static bool WriteCr3(Cpu* cpu, ulong value)
    {
        bool keepsTranslations = false;
        if (DescriptorTables.IsLongMode(cpu))
        {
            if ((cpu->Cr4 & Cr4.Pcide) != 0)
            {
                keepsTranslations = (value & Cr3.NoFlush) != 0;
                value &= ~Cr3.NoFlush;
            }
            if (value >> Vcpu.Of(cpu).Model.PhysicalAddressBits != 0)
                return SystemFault.GeneralProtection(cpu);
        }
        else
        {
            value = (uint)value;
        }
        if (PageDirectoryPointers.AreInUse(cpu->Cr0, cpu->Cr4, cpu->Efer) && !PageDirectoryPointers.TryLoad(cpu, value))
            return SystemFault.GeneralProtection(cpu);
        // Even a load that keeps translations changes which of them are in force; the same root again changes nothing.
        bool isSameSpace = value == cpu->Cr3;
        cpu->Cr3 = value;
        if (!(isSameSpace && keepsTranslations))
            Tlb.FlushAll(cpu);
        return true;
    }

    /// <summary>A task switch loads CR3: as MOV, but #TS is not raised here; bad PDPTEs are #GP(0).</summary>
    public static bool LoadPageTable(Cpu* cpu, uint value) => WriteCr3(cpu, value);

    /// <summary>MOV to CR4.</summary>
    public static bool WriteCr4(Cpu* cpu, ulong value)
    {
        ulong old = cpu->Cr4;
        ulong changed = value ^ old;
        if ((value & ~Vcpu.Of(cpu).Model.Cr4Allowed) != 0)
            return SystemFault.GeneralProtection(cpu);
        bool isLongMode = DescriptorTables.IsLongMode(cpu);
        if (isLongMode && ((value & Cr4.Pae) == 0 || (changed & Cr4.La57) != 0))
            return SystemFault.GeneralProtection(cpu);
        if ((changed & value & Cr4.Pcide) != 0 && (!isLongMode || (cpu->Cr3 & Cr3.PcidMask) != 0))
            return SystemFault.GeneralProtection(cpu);
        const ulong reloading = Cr4.Pae | Cr4.Pge | Cr4.Pse | Cr4.Smep;
        if ((changed & reloading) != 0 && PageDirectoryPointers.AreInUse(cpu->Cr0, value, cpu->Efer)
            && !PageDirectoryPointers.TryLoad(cpu, cpu->Cr3))
            return SystemFault.GeneralProtection(cpu);
        cpu->Cr4 = value;
        const ulong translating = reloading | Cr4.Smap | Cr4.Pcide | Cr4.Pke | Cr4.La57;
        if ((changed & translating) != 0)
            Tlb.FlushAll(cpu);
        return true;
    }

    /// <summary>MOV to CR8: the task-priority register.</summary>
    public static bool WriteCr8(Cpu* cpu, ulong value)
    {
        if (value > 15)
            return SystemFault.GeneralProtection(cpu);
        Vcpu.Of(cpu).Apic.Cr8 = (byte)value;
        return true;
    }

    /// <summary>WRMSR to IA32_EFER: LMA is read-only, LME cannot change under paging.</summary>
    public static bool WriteEfer(Cpu* cpu, ulong value)
    {
        ulong old = cpu->Efer;
        if ((value & ~Vcpu.Of(cpu).Model.EferAllowed) != 0)
            return SystemFault.GeneralProtection(cpu);
        if ((cpu->Cr0 & Cr0.Pg) != 0 && ((value ^ old) & Efer.Lme) != 0)
            return SystemFault.GeneralProtection(cpu);
        cpu->Efer = (value & ~Efer.Lma) | (old & Efer.Lma);
        if (((value ^ old) & Efer.Nxe) != 0)
            Tlb.FlushAll(cpu);
        return true;
    }

    /// <summary>XSETBV (SDM vol. 1, 13.3): x87 always on, AVX needs SSE, only what the model has.</summary>
    public static bool WriteXcr(Cpu* cpu, uint index, ulong value)
    {
        bool isAvxWithoutSse = (value & Xcr0.Avx) != 0 && (value & Xcr0.Sse) == 0;
        if (index != 0 || (value & Xcr0.X87) == 0 || isAvxWithoutSse || (value & ~Vcpu.Of(cpu).Model.Xcr0Allowed) != 0)
            return SystemFault.GeneralProtection(cpu);
        cpu->Xcr0 = value;
        return true;
    }

    /// <summary>XGETBV: XCR0, or with 1 the components of XCR0 that are in use. All count as in use.</summary>
    public static bool ReadXcr(Cpu* cpu, uint index, out ulong value)
    {
        value = cpu->Xcr0;
        return index <= 1 || SystemFault.GeneralProtection(cpu);
    }
}
