using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>PUSHF, POPF, CLI and STI in every mode, and which flags a POPF or IRET may change (SDM vol. 2, those instructions; vol. 3, 20.3
/// for CR4.VME and 20.4 for CR4.PVI).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class FlagRules
{
    /// <summary>The flags that the program itself may always set.</summary>
    private const ulong Free = Rflags.Status | Rflags.Tf | Rflags.Df | Rflags.Nt;

    /// <summary>I/O privilege level.</summary>
    public static int IoPrivilege(Cpu* cpu) => (int)(cpu->Rflags >> Rflags.IoplShift) & 3;

    private static bool IsVirtual8086(Cpu* cpu) => (cpu->Rflags & Rflags.Vm) != 0;

    private static bool HasVme(Cpu* cpu) => (cpu->Cr4 & Cr4.Vme) != 0;

    /// <summary>Virtual-8086 mode in which IF belongs to the monitor, not to the program.</summary>
    public static bool IsMonitored(Cpu* cpu) => IsVirtual8086(cpu) && IoPrivilege(cpu) < 3;

    /// <summary>Replaces the flags under a mask; the rest stays.</summary>
    public static void Set(Cpu* cpu, ulong value, ulong mask) => Flags.Write(cpu, (Flags.Read(cpu) & ~mask) | (value & mask));

    /// <summary>What IRET may change at this privilege with an operand of <paramref name="size"/> bytes, outside virtual-8086 mode.</summary>
    public static ulong ReturnMask(Cpu* cpu, int size)
    {
        ulong mask = Free;
        if (size > 2)
            mask |= Rflags.Rf | Rflags.Ac | Rflags.Id;
        if (cpu->Cpl <= IoPrivilege(cpu))
            mask |= Rflags.If;
        if (cpu->Cpl == 0)
            mask |= Rflags.Iopl | (size > 2 && (cpu->Cr0 & Cr0.Pe) != 0 ? Rflags.Vif | Rflags.Vip : 0);
        return mask;
    }

    /// <summary>PUSHF. False: #GP(0) was recorded.</summary>
    public static bool TryGetImage(Cpu* cpu, int size, out ulong image)
    {
        image = Flags.Read(cpu) & ~(Rflags.Vm | Rflags.Rf);
        if (!IsMonitored(cpu))
            return true;
        if (!HasVme(cpu) || size != 2)
            return SystemFault.GeneralProtection(cpu);
        image = VirtualImage(cpu);
        return true;
    }

    /// <summary>FLAGS as a monitored program sees them: VIF in the place of IF, IOPL 3.</summary>
    public static ulong VirtualImage(Cpu* cpu)
    {
        ulong flags = Flags.Read(cpu) | Rflags.Iopl;
        return (cpu->Rflags & Rflags.Vif) != 0 ? flags | Rflags.If : flags & ~Rflags.If;
    }

    /// <summary>POPF of an image of <paramref name="size"/> bytes.</summary>
    public static bool Pop(Cpu* cpu, ulong image, int size)
    {
        if (IsMonitored(cpu))
        {
            if (!HasVme(cpu) || size != 2)
                return SystemFault.GeneralProtection(cpu);
            return SetVirtual(cpu, image);
        }
        ulong mask = Free | (size > 2 ? Rflags.Ac | Rflags.Id : 0);
        if (cpu->Cpl <= IoPrivilege(cpu))
            mask |= Rflags.If;
        if (cpu->Cpl == 0)
            mask |= Rflags.Iopl;
        Set(cpu, image & ~Rflags.Rf, size > 2 ? mask | Rflags.Rf : mask);
        return true;
    }

    /// <summary>A monitored program sets its FLAGS (SDM vol. 3, 20.3.3): its IF is VIF, and it may neither single-step itself nor take
    /// back interrupts while one waits.</summary>
    public static bool SetVirtual(Cpu* cpu, ulong image)
    {
        if ((image & Rflags.Tf) != 0 || ((image & Rflags.If) != 0 && (cpu->Rflags & Rflags.Vip) != 0))
            return SystemFault.GeneralProtection(cpu);
        ulong virtualInterrupt = (image & Rflags.If) != 0 ? Rflags.Vif : 0;
        Set(cpu, (image & Free) | virtualInterrupt, Free | Rflags.Vif);
        return true;
    }

    /// <summary>Who an attempt to change IF concerns.</summary>
    private static ulong InterruptFlag(Cpu* cpu)
    {
        if (IsVirtual8086(cpu))
            return IoPrivilege(cpu) == 3 ? Rflags.If : HasVme(cpu) ? Rflags.Vif : 0;
        if (cpu->Cpl <= IoPrivilege(cpu))
            return Rflags.If;
        return cpu->Cpl == 3 && (cpu->Cr4 & Cr4.Pvi) != 0 ? Rflags.Vif : 0;
    }

    /// <summary>CLI.</summary>
    public static bool Clear(Cpu* cpu)
    {
        ulong flag = InterruptFlag(cpu);
        if (flag == 0)
            return SystemFault.GeneralProtection(cpu);
        cpu->Rflags &= ~flag;
        return true;
    }

    /// <summary>STI. Interrupts that it lets through wait for one more instruction.</summary>
    public static bool Enable(Cpu* cpu)
    {
        ulong flag = InterruptFlag(cpu);
        if (flag == 0 || (flag == Rflags.Vif && (cpu->Rflags & Rflags.Vip) != 0))
            return SystemFault.GeneralProtection(cpu);
        if (flag == Rflags.If && (cpu->Rflags & Rflags.If) == 0)
            cpu->Shadow |= Shadow.Sti;
        cpu->Rflags |= flag;
        return true;
    }
}

/// <summary>Bits of <see cref="Cpu.Shadow"/> (SDM vol. 3, 6.8.3; vol. 2, STI).</summary>
internal static class Shadow
{
    /// <summary>STI: no maskable interrupt before the next instruction.</summary>
    public const byte Sti = 1;
    /// <summary>MOV SS or POP SS: no interrupt, NMI or debug trap before the next instruction.</summary>
    public const byte MovSs = 2;
}
