using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Far JMP and CALL in all modes, through code segments, call gates, task gates and TSSs (SDM vol. 2, JMP and CALL; vol. 3, 5.8).
/// Rip is at the instruction; <c>next</c> is the following one's.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class FarTransfer
{
    /// <summary>JMP FAR.</summary>
    public static bool Jump(Cpu* cpu, ushort selector, ulong offset, ulong next)
    {
        if (!SegmentLoader.UsesDescriptors(cpu))
            return EnterRealMode(cpu, selector, offset);
        if (!ReadTarget(cpu, selector, out SegmentDescriptor descriptor, out ulong linear))
            return false;
        if (!descriptor.IsCodeOrData)
            return JumpThroughSystem(cpu, selector, descriptor, linear, next);
        CodeTarget target = new() { Descriptor = descriptor, DescriptorLinear = linear, Selector = selector, Offset = offset, Cpl = cpu->Cpl };
        if (!CheckDirect(cpu, in target) || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
            return false;
        target.Enter(cpu);
        return true;
    }

    /// <summary>CALL FAR. <paramref name="size"/> is the operand size in bytes.</summary>
    public static bool Call(Cpu* cpu, ushort selector, ulong offset, int size, ulong next)
    {
        if (!SegmentLoader.UsesDescriptors(cpu))
        {
            StackFrame stack = StackFrame.Current(cpu);
            if (!stack.Push(cpu->Cs.Selector, size) || !stack.Push(next, size) || !EnterRealMode(cpu, selector, offset))
                return false;
            stack.Commit();
            return true;
        }
        if (!ReadTarget(cpu, selector, out SegmentDescriptor descriptor, out ulong linear))
            return false;
        if (!descriptor.IsCodeOrData)
            return CallThroughSystem(cpu, selector, descriptor, linear, next);
        CodeTarget target = new() { Descriptor = descriptor, DescriptorLinear = linear, Selector = selector, Offset = offset, Cpl = cpu->Cpl };
        return CheckDirect(cpu, in target) && CallSamePrivilege(cpu, ref target, size, next);
    }

    /// <summary>Loads CS:IP in real and virtual-8086 mode; an offset beyond the limit of CS is #GP(0).</summary>
    public static bool EnterRealMode(Cpu* cpu, ushort selector, ulong offset)
    {
        if (offset > cpu->Cs.Limit)
            return SystemFault.GeneralProtection(cpu);
        cpu->Cs = (cpu->Rflags & Rflags.Vm) != 0 ? SegmentLoader.Virtual8086(selector) : SegmentLoader.RealMode(cpu->Cs, selector);
        cpu->Rip = offset;
        return true;
    }

    private static bool ReadTarget(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out ulong linear)
    {
        descriptor = default;
        linear = 0;
        return DescriptorTables.IsNull(selector)
            ? SystemFault.GeneralProtection(cpu)
            : DescriptorTables.ReadSystem(cpu, selector, out descriptor, out linear);
    }

    /// <summary>Privilege and presence of a code segment that is jumped to directly (SDM vol. 3, 5.8.1).</summary>
    private static bool CheckDirect(Cpu* cpu, in CodeTarget target)
    {
        ref readonly SegmentDescriptor code = ref target.Descriptor;
        bool isAllowed = code.IsConforming ? code.Dpl <= cpu->Cpl : (target.Selector & 3) <= cpu->Cpl && code.Dpl == cpu->Cpl;
        if (!code.IsCode || !isAllowed)
            return SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
        if (!code.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, target.Selector);
        return target.CheckSize(cpu);
    }

    private static bool CallSamePrivilege(Cpu* cpu, ref CodeTarget target, int size, ulong next)
    {
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Push(cpu->Cs.Selector, size) || !stack.Push(next, size) || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
            return false;
        stack.Commit();
        target.Enter(cpu);
        return true;
    }

    private static bool JumpThroughSystem(Cpu* cpu, ushort selector, in SegmentDescriptor descriptor, ulong linear, ulong next)
    {
        if (!IsCallGate(cpu, descriptor))
            return SwitchTask(cpu, selector, descriptor, linear, TaskSwitchReason.Jump, next);
        if (!ReadGateTarget(cpu, selector, descriptor, out CodeTarget target))
            return false;
        bool isAllowed = target.Descriptor.IsConforming ? target.Descriptor.Dpl <= cpu->Cpl : target.Descriptor.Dpl == cpu->Cpl;
        if (!isAllowed)
            return SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
        if (!CheckGatePresence(cpu, in target) || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
            return false;
        target.Enter(cpu);
        return true;
    }

    private static bool CallThroughSystem(Cpu* cpu, ushort selector, in SegmentDescriptor descriptor, ulong linear, ulong next)
    {
        if (!IsCallGate(cpu, descriptor))
            return SwitchTask(cpu, selector, descriptor, linear, TaskSwitchReason.Call, next);
        if (!ReadGateTarget(cpu, selector, descriptor, out CodeTarget target))
            return false;
        if (target.Descriptor.Dpl > cpu->Cpl)
            return SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
        if (!CheckGatePresence(cpu, in target))
            return false;
        int size = DescriptorTables.IsLongMode(cpu) ? 8 : (descriptor.Type & 8) != 0 ? 4 : 2;
        if (target.Descriptor.IsConforming || target.Descriptor.Dpl == cpu->Cpl)
            return CallSamePrivilege(cpu, ref target, size, next);
        target.Cpl = target.Descriptor.Dpl;
        return CallInnerPrivilege(cpu, ref target, descriptor.GateParameters, size, next);
    }

    private static bool IsCallGate(Cpu* cpu, in SegmentDescriptor descriptor) =>
        descriptor.Type == SystemDescriptorType.CallGate
        || (descriptor.Type == SystemDescriptorType.CallGate16 && !DescriptorTables.IsLongMode(cpu));

    /// <summary>The checks of a call gate up to its code segment's descriptor (SDM vol. 3, 5.8.4).</summary>
    private static bool ReadGateTarget(Cpu* cpu, ushort selector, in SegmentDescriptor gate, out CodeTarget target)
    {
        target = default;
        if (gate.Dpl < cpu->Cpl || gate.Dpl < (selector & 3))
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        if (!gate.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, selector);
        target.Selector = gate.GateSelector;
        target.Offset = gate.GateOffset;
        target.Cpl = cpu->Cpl;
        if (DescriptorTables.IsNull(target.Selector))
            return SystemFault.GeneralProtection(cpu);
        if (!DescriptorTables.Read(cpu, target.Selector, out target.Descriptor, out target.DescriptorLinear))
            return false;
        // A gate of IA-32e mode leads to 64-bit code only.
        bool isRightSize = !DescriptorTables.IsLongMode(cpu) || (target.Descriptor.IsLong && !target.Descriptor.IsDefault32);
        return (target.Descriptor.IsCode && isRightSize) || SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
    }

    private static bool CheckGatePresence(Cpu* cpu, in CodeTarget target) =>
        target.Descriptor.IsPresent || SystemFault.WithSelector(cpu, Fault.Np, target.Selector);

    /// <summary>A call to more privileged code: the TSS's stack for that privilege, the old SS:SP, the parameters, CS:IP
    /// (SDM vol. 3, 5.8.5).</summary>
    private static bool CallInnerPrivilege(Cpu* cpu, ref CodeTarget target, int parameters, int size, ulong next)
    {
        bool is64 = DescriptorTables.IsLongMode(cpu);
        if (!InnerStack.TryRead(cpu, target.Cpl, out InnerStack inner))
            return false;
        StackFrame stack = new(cpu, inner.Segment, inner.Pointer, is64, target.Cpl, inner.Segment.Selector);
        StackFrame old = StackFrame.Current(cpu);
        if (!stack.Push(cpu->Ss.Selector, size) || !stack.Push(cpu->Gpr[GeneralRegister.Rsp], size))
            return false;
        if (!is64)
        {
            for (int i = parameters - 1; i >= 0; i--)
                if (!old.Peek((ulong)(i * size), out ulong value, size) || !stack.Push(value, size))
                    return false;
        }
        if (!stack.Push(cpu->Cs.Selector, size) || !stack.Push(next, size) || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
            return false;
        cpu->Ss = inner.Segment;
        target.Enter(cpu);
        cpu->Gpr[GeneralRegister.Rsp] = stack.Pointer;
        return true;
    }

    /// <summary>JMP or CALL to a TSS or a task gate; neither exists in IA-32e mode (SDM vol. 3, 7.3).</summary>
    private static bool SwitchTask(
        Cpu* cpu, ushort selector, in SegmentDescriptor descriptor, ulong linear, TaskSwitchReason reason, ulong next)
    {
        if (DescriptorTables.IsLongMode(cpu))
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        bool isGate = descriptor.Type == SystemDescriptorType.TaskGate;
        bool isTss = descriptor.Type is SystemDescriptorType.TssAvailable or SystemDescriptorType.Tss16Available;
        if ((!isGate && !isTss) || descriptor.Dpl < cpu->Cpl || descriptor.Dpl < (selector & 3))
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        if (!descriptor.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, selector);
        if (!isGate)
            return TaskSwitch.Switch(cpu, selector, descriptor, linear, reason, next);
        return TaskSwitch.ReadGateTarget(cpu, descriptor.GateSelector, out SegmentDescriptor tss, out ulong tssLinear)
            && TaskSwitch.Switch(cpu, descriptor.GateSelector, tss, tssLinear, reason, next);
    }
}
