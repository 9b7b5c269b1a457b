using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>RET FAR and IRET in all modes (SDM vol. 2, RET and IRET). Rip is at the instruction.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class FarReturn
{
    /// <summary>RET FAR with operands of <paramref name="size"/> bytes, dropping <paramref name="release"/> bytes of parameters.</summary>
    public static bool Return(Cpu* cpu, int size, ushort release)
    {
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Pop(out ulong offset, size) || !stack.Pop(out ulong selector, size))
            return false;
        if (!SegmentLoader.UsesDescriptors(cpu))
        {
            if (!FarTransfer.EnterRealMode(cpu, (ushort)selector, offset))
                return false;
            stack.Skip(release);
            stack.Commit();
            return true;
        }
        if (!ReadTarget(cpu, (ushort)selector, offset, out CodeTarget target))
            return false;
        stack.Skip(release);
        if (target.Cpl == cpu->Cpl)
        {
            if (!target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
                return false;
            stack.Commit();
            target.Enter(cpu);
            return true;
        }
        return stack.Pop(out ulong pointer, size) && stack.Pop(out ulong stackSelector, size)
            && LeaveToOuter(cpu, ref target, (ushort)stackSelector, pointer, release);
    }

    /// <summary>IRET with operands of <paramref name="size"/> bytes.</summary>
    public static bool InterruptReturn(Cpu* cpu, int size, ulong next)
    {
        // NMIs are unblocked even when the instruction faults (SDM vol. 3, 6.7.1).
        cpu->NmiBlocked = 0;
        if (!SegmentLoader.UsesDescriptors(cpu))
            return ReturnRealMode(cpu, size);
        if ((cpu->Rflags & Rflags.Nt) != 0)
            return DescriptorTables.IsLongMode(cpu) ? SystemFault.GeneralProtection(cpu) : TaskSwitch.ReturnToCaller(cpu, next);

        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Pop(out ulong offset, size) || !stack.Pop(out ulong selector, size) || !stack.Pop(out ulong flags, size))
            return false;
        if ((flags & Rflags.Vm) != 0 && cpu->Cpl == 0 && size == 4 && !DescriptorTables.IsLongMode(cpu))
            return ReturnToVirtual8086(cpu, ref stack, offset, (ushort)selector, flags);
        if (!ReadTarget(cpu, (ushort)selector, offset, out CodeTarget target))
            return false;

        ulong mask = FlagRules.ReturnMask(cpu, size);
        bool isFrom64 = (cpu->Mode & CodeMode.Code64) != 0;
        if (target.Cpl == cpu->Cpl && !isFrom64)
        {
            if (!target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
                return false;
            stack.Commit();
            target.Enter(cpu);
        }
        else if (!stack.Pop(out ulong pointer, size) || !stack.Pop(out ulong stackSelector, size)
            || !LeaveToOuter(cpu, ref target, (ushort)stackSelector, pointer, release: 0))
        {
            return false;
        }
        FlagRules.Set(cpu, flags, mask);
        return true;
    }

    private static bool ReturnRealMode(Cpu* cpu, int size)
    {
        bool isMonitored = FlagRules.IsMonitored(cpu);
        if (isMonitored && ((cpu->Cr4 & Cr4.Vme) == 0 || size != 2))
            return SystemFault.GeneralProtection(cpu);
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Pop(out ulong offset, size) || !stack.Pop(out ulong selector, size) || !stack.Pop(out ulong flags, size))
            return false;
        if (offset > cpu->Cs.Limit)
            return SystemFault.GeneralProtection(cpu);
        if (isMonitored)
        {
            if (!FlagRules.SetVirtual(cpu, flags))
                return false;
        }
        else
        {
            // In virtual-8086 mode the CPL is 3, so that IOPL stays; IF changes because IOPL is 3.
            FlagRules.Set(cpu, flags, FlagRules.ReturnMask(cpu, size));
        }
        stack.Commit();
        return FarTransfer.EnterRealMode(cpu, (ushort)selector, offset);
    }

    /// <summary>The code segment that a far return pops (SDM vol. 2, RET: all checks of the return selector).</summary>
    private static bool ReadTarget(Cpu* cpu, ushort selector, ulong offset, out CodeTarget target)
    {
        target = new CodeTarget { Selector = selector, Offset = offset, Cpl = selector & 3 };
        if (DescriptorTables.IsNull(selector))
            return SystemFault.GeneralProtection(cpu);
        if (!DescriptorTables.Read(cpu, selector, out target.Descriptor, out target.DescriptorLinear))
            return false;
        ref readonly SegmentDescriptor code = ref target.Descriptor;
        bool isAllowed = target.Cpl >= cpu->Cpl && (code.IsConforming ? code.Dpl <= target.Cpl : code.Dpl == target.Cpl);
        if (!code.IsCode || !isAllowed)
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        if (!code.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, selector);
        return target.CheckSize(cpu);
    }

    /// <summary>Loads SS:RSP from the stack and enters the target: a return to an outer privilege, or any IRET of 64-bit mode.</summary>
    private static bool LeaveToOuter(Cpu* cpu, ref CodeTarget target, ushort stackSelector, ulong pointer, ushort release)
    {
        SegmentState ss;
        bool isNullAllowed = target.Is64(cpu) && target.Cpl < 3 && (stackSelector & 3) == target.Cpl;
        if (DescriptorTables.IsNull(stackSelector) && isNullAllowed)
        {
            if (!target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
                return false;
            ss = SegmentLoader.Null(stackSelector, target.Cpl);
        }
        else
        {
            if (!SegmentLoader.CheckStack(cpu, stackSelector, target.Cpl, out SegmentDescriptor descriptor, out ulong linear, Fault.Gp)
                || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu)
                || !DescriptorTables.MarkAccessed(cpu, linear, ref descriptor))
                return false;
            ss = descriptor.ToSegment(stackSelector);
        }

        bool isOuter = target.Cpl > cpu->Cpl;
        cpu->Ss = ss;
        pointer += release;
        if (target.Is64(cpu))
            cpu->Gpr[GeneralRegister.Rsp] = pointer;
        else if ((ss.Attributes & SegmentAttributes.Default32) != 0)
            cpu->Gpr[GeneralRegister.Rsp] = (uint)pointer;
        else
            cpu->Gpr[GeneralRegister.Rsp] = (cpu->Gpr[GeneralRegister.Rsp] & ~0xFFFFUL) | (ushort)pointer;
        target.Enter(cpu);
        if (isOuter)
            SegmentLoader.DropInaccessible(cpu, target.Cpl);
        return true;
    }

    /// <summary>IRET from CPL 0 with VM set in the image (SDM vol. 3, 20.2.5).</summary>
    private static bool ReturnToVirtual8086(Cpu* cpu, ref StackFrame stack, ulong offset, ushort selector, ulong flags)
    {
        if (!stack.Pop(out ulong pointer, 4) || !stack.Pop(out ulong ss, 4) || !stack.Pop(out ulong es, 4)
            || !stack.Pop(out ulong ds, 4) || !stack.Pop(out ulong fs, 4) || !stack.Pop(out ulong gs, 4))
            return false;
        if (offset > 0xFFFF)
            return SystemFault.GeneralProtection(cpu);
        FlagRules.Set(cpu, flags, Rflags.Defined);
        cpu->Cs = SegmentLoader.Virtual8086(selector);
        cpu->Ss = SegmentLoader.Virtual8086((ushort)ss);
        cpu->Es = SegmentLoader.Virtual8086((ushort)es);
        cpu->Ds = SegmentLoader.Virtual8086((ushort)ds);
        cpu->Fs = SegmentLoader.Virtual8086((ushort)fs);
        cpu->Gs = SegmentLoader.Virtual8086((ushort)gs);
        cpu->Gpr[GeneralRegister.Rsp] = (uint)pointer;
        cpu->Cpl = 3;
        cpu->Rip = offset;
        return true;
    }
}
