using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Delivers exceptions and interrupts through the IVT or IDT in every mode (SDM vol. 3, 6.12, 6.14, 20.1.4,
/// 20.3; vol. 2, INT n). Rip is the instruction that raised the event, or the next one for an event between
/// instructions. Nothing but the pushed frame changes before success is certain.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class EventDelivery
{
    /// <summary>How a delivery ended.</summary>
    public enum Outcome : byte
    {
        /// <summary>The handler is entered.</summary>
        Delivered,
        /// <summary>A table or a stack lies in a device that answers later. The event is recorded again; its delivery
        /// is to be repeated from its beginning, before anything else.</summary>
        Postponed,
        /// <summary>The processor is in shutdown.</summary>
        TripleFault,
    }

    /// <summary>Delivers one event and whatever its delivery raises.</summary>
    public static Outcome Deliver(Cpu* cpu, PendingEvent pending)
    {
        Counters counters = Vcpu.Of(cpu).Counters;
        // Each further round is a fault of the one before, which ends in a double fault and shutdown: few rounds are
        // enough.
        while (true)
        {
            cpu->ExternalEvent = pending.IsSoftware ? (byte)0 : (byte)1;
            bool isDelivered = TryDeliver(cpu, in pending);
            cpu->ExternalEvent = 0;
            CpuMode.Refresh(cpu);
            if (!isDelivered && cpu->Stop == Stop.Deferred)
            {
                cpu->Stop = Stop.None;
                pending.Record(cpu);
                return Outcome.Postponed;
            }
            counters.Count(pending);
            if (isDelivered)
            {
                // INT n and its kin complete by being delivered; anything else is no instruction.
                if (pending.Type is Fault.SoftwareInterrupt or Fault.SoftwareException or Fault.PrivilegedSoftware)
                    cpu->Retired++;
                // What the delivery read is not read again by the handler's first instruction.
                Vcpu.Of(cpu).Bus.Commit();
                return Outcome.Delivered;
            }
            if (!PendingEvent.TryCombine(pending, PendingEvent.Take(cpu), out pending))
                return Outcome.TripleFault;
        }
    }

    private static bool TryDeliver(Cpu* cpu, in PendingEvent pending)
    {
        if ((cpu->Cr0 & Cr0.Pe) == 0)
            return ThroughVectorTable(cpu, in pending, tableBase: cpu->Idtr.Base, cpu->Idtr.Limit, isVirtual: false);
        if ((cpu->Rflags & Rflags.Vm) != 0 && pending.Type == Fault.SoftwareInterrupt)
        {
            if (Virtual8086.IsRedirected(cpu, pending.Vector, out bool isRedirected) && isRedirected)
                return ThroughVectorTable(cpu, in pending, tableBase: 0, limit: 0x3FF, isVirtual: FlagRules.IsMonitored(cpu));
            if (cpu->EventPending != 0)
                return false;
            if (FlagRules.IsMonitored(cpu))
                return SystemFault.GeneralProtection(cpu);
        }
        return DescriptorTables.IsLongMode(cpu) ? ThroughLongGate(cpu, in pending) : ThroughGate(cpu, in pending);
    }

    /// <summary>The flags that the frame gets: RF is set for faults, so that an instruction breakpoint does not hit
    /// twice. For #DB whoever raises it decides (SDM vol. 3, 17.3.1.1).</summary>
    private static ulong FlagsImage(Cpu* cpu, in PendingEvent pending)
    {
        ulong flags = Flags.Read(cpu);
        bool isFault = pending.Type == Fault.Hardware && pending.Vector is not (Fault.Db or Fault.Bp or Fault.Of or Fault.Df);
        return isFault ? flags | Rflags.Rf : flags;
    }

    private static ulong ReturnAddress(Cpu* cpu, in PendingEvent pending) => Fault.Truncate(cpu, cpu->Rip + pending.Length);

    /// <summary>Real mode, and INT n of a virtual-8086 program that the TSS redirects to its own table: four bytes a
    /// vector.
    /// <paramref name="isVirtual"/>: IF is the program's VIF.</summary>
    private static bool ThroughVectorTable(Cpu* cpu, in PendingEvent pending, ulong tableBase, uint limit, bool isVirtual)
    {
        uint at = pending.Vector * 4u;
        if (at + 3 > limit)
            return SystemFault.GeneralProtection(cpu);
        bool isV86 = (cpu->Rflags & Rflags.Vm) != 0;
        if (!SystemMemory.Read(cpu, (uint)(tableBase + at), 4, out ulong entry, isV86 ? Access.Read : Access.System))
            return false;
        StackFrame stack = StackFrame.Current(cpu);
        ulong flags = isVirtual ? FlagRules.VirtualImage(cpu) : Flags.Read(cpu);
        if (!stack.Push(flags, 2) || !stack.Push(cpu->Cs.Selector, 2) || !stack.Push(ReturnAddress(cpu, in pending), 2))
            return false;
        ulong offset = (ushort)entry;
        if (offset > cpu->Cs.Limit)
            return SystemFault.GeneralProtection(cpu);
        stack.Commit();
        ushort selector = (ushort)(entry >> 16);
        cpu->Cs = isV86 ? SegmentLoader.Virtual8086(selector) : SegmentLoader.RealMode(cpu->Cs, selector);
        cpu->Rip = offset;
        cpu->Rflags &= ~(Rflags.Tf | Rflags.Rf | (isV86 ? Rflags.Nt : Rflags.Ac) | (isVirtual ? Rflags.Vif : Rflags.If));
        return true;
    }

    /// <summary>Checks common to the gates of protected and long mode: table limit, type, DPL for software interrupts,
    /// presence.</summary>
    private static bool ReadGate(Cpu* cpu, in PendingEvent pending, int bytes, out SegmentDescriptor gate)
    {
        gate = default;
        uint at = pending.Vector * (uint)bytes;
        if (at + (uint)bytes - 1 > cpu->Idtr.Limit)
            return SystemFault.WithGate(cpu, Fault.Gp, pending.Vector);
        ulong high = 0;
        if (!SystemMemory.Read(cpu, cpu->Idtr.Base + at, 8, out ulong low)
            || (bytes == 16 && !SystemMemory.Read(cpu, cpu->Idtr.Base + at + 8, 8, out high)))
            return false;
        gate = new SegmentDescriptor(low, high);
        bool isGate = !gate.IsCodeOrData && gate.Type is SystemDescriptorType.InterruptGate or SystemDescriptorType.TrapGate;
        if (bytes == 8)
            isGate |= !gate.IsCodeOrData && gate.Type
                is SystemDescriptorType.InterruptGate16 or SystemDescriptorType.TrapGate16 or SystemDescriptorType.TaskGate;
        if (!isGate || (pending.IsSoftware && gate.Dpl < cpu->Cpl))
            return SystemFault.WithGate(cpu, Fault.Gp, pending.Vector);
        return gate.IsPresent || SystemFault.WithGate(cpu, Fault.Np, pending.Vector);
    }

    /// <summary>The gate's code segment: code, not less privileged than the CPL, present (SDM vol. 3,
    /// 6.12.1).</summary>
    private static bool ReadTarget(Cpu* cpu, in SegmentDescriptor gate, out CodeTarget target)
    {
        target = new CodeTarget { Selector = gate.GateSelector, Offset = gate.GateOffset, Cpl = cpu->Cpl };
        if (DescriptorTables.IsNull(target.Selector))
            return SystemFault.GeneralProtection(cpu);
        if (!DescriptorTables.Read(cpu, target.Selector, out target.Descriptor, out target.DescriptorLinear))
            return false;
        ref readonly SegmentDescriptor code = ref target.Descriptor;
        bool isRightSize = !DescriptorTables.IsLongMode(cpu) || (code.IsLong && !code.IsDefault32);
        if (!code.IsCode || code.Dpl > cpu->Cpl || !isRightSize)
            return SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
        if (!code.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, target.Selector);
        if (!code.IsConforming)
            target.Cpl = code.Dpl;
        // Virtual-8086 mode is left for privilege 0 only.
        bool isFromVirtual8086 = (cpu->Rflags & Rflags.Vm) != 0;
        return !isFromVirtual8086 || target.Cpl == 0 || SystemFault.WithSelector(cpu, Fault.Gp, target.Selector);
    }

    private static void ClearFlags(Cpu* cpu, in SegmentDescriptor gate)
    {
        bool isInterruptGate = (gate.Type & 1) == 0;
        cpu->Rflags &= ~(Rflags.Tf | Rflags.Vm | Rflags.Rf | Rflags.Nt | (isInterruptGate ? Rflags.If : 0));
    }

    /// <summary>Protected and virtual-8086 mode.</summary>
    private static bool ThroughGate(Cpu* cpu, in PendingEvent pending)
    {
        if (!ReadGate(cpu, in pending, 8, out SegmentDescriptor gate))
            return false;
        if (gate.Type == SystemDescriptorType.TaskGate)
            return ThroughTaskGate(cpu, in pending, in gate);
        if (!ReadTarget(cpu, in gate, out CodeTarget target))
            return false;
        int size = (gate.Type & 8) != 0 ? 4 : 2;
        ulong flags = FlagsImage(cpu, in pending);
        if (target.Cpl < cpu->Cpl)
        {
            if (!InnerStack.TryRead(cpu, target.Cpl, out InnerStack inner))
                return false;
            StackFrame stack = new(cpu, inner.Segment, inner.Pointer, is64: false, target.Cpl, inner.Segment.Selector);
            bool isVirtual8086 = (cpu->Rflags & Rflags.Vm) != 0;
            if (isVirtual8086
                && !(stack.Push(cpu->Gs.Selector, size) && stack.Push(cpu->Fs.Selector, size)
                    && stack.Push(cpu->Ds.Selector, size) && stack.Push(cpu->Es.Selector, size)))
                return false;
            if (!stack.Push(cpu->Ss.Selector, size) || !stack.Push(cpu->Gpr[GeneralRegister.Rsp], size)
                || !PushReturn(cpu, ref stack, in pending, flags, size)
                || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
                return false;
            if (isVirtual8086)
                cpu->Gs = cpu->Fs = cpu->Ds = cpu->Es = SegmentLoader.Null(0, cpl: 0);
            cpu->Ss = inner.Segment;
            stack.Commit();
        }
        else
        {
            StackFrame stack = StackFrame.Current(cpu);
            if (!PushReturn(cpu, ref stack, in pending, flags, size) || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
                return false;
            stack.Commit();
        }
        target.Enter(cpu);
        ClearFlags(cpu, in gate);
        return true;
    }

    private static bool PushReturn(Cpu* cpu, ref StackFrame stack, in PendingEvent pending, ulong flags, int size) =>
        stack.Push(flags, size) && stack.Push(cpu->Cs.Selector, size) && stack.Push(ReturnAddress(cpu, in pending), size)
        && (!pending.HasError || stack.Push(pending.Error, size));

    private static bool ThroughTaskGate(Cpu* cpu, in PendingEvent pending, in SegmentDescriptor gate)
    {
        if (!TaskSwitch.ReadGateTarget(cpu, gate.GateSelector, out SegmentDescriptor tss, out ulong linear)
            || !TaskSwitch.Switch(cpu, gate.GateSelector, tss, linear, TaskSwitchReason.Gate, ReturnAddress(cpu, in pending)))
            return false;
        if (!pending.HasError)
            return true;
        CpuMode.Refresh(cpu);
        StackFrame stack = StackFrame.Current(cpu);
        if (!stack.Push(pending.Error, (tss.Type & 8) != 0 ? 4 : 2))
            return false;
        stack.Commit();
        return true;
    }

    /// <summary>IA-32e mode: sixteen-byte gates to 64-bit code, interrupt stacks, an aligned frame that always holds
    /// SS:RSP (SDM vol. 3, 6.14).</summary>
    private static bool ThroughLongGate(Cpu* cpu, in PendingEvent pending)
    {
        if (!ReadGate(cpu, in pending, 16, out SegmentDescriptor gate) || !ReadTarget(cpu, in gate, out CodeTarget target))
            return false;
        bool isInner = target.Cpl < cpu->Cpl;
        ulong pointer = cpu->Gpr[GeneralRegister.Rsp];
        if (gate.InterruptStack != 0)
        {
            if (!InnerStack.TryReadInterruptStack(cpu, gate.InterruptStack, out pointer))
                return false;
        }
        else if (isInner)
        {
            if (!InnerStack.TryRead(cpu, target.Cpl, out InnerStack inner))
                return false;
            pointer = inner.Pointer;
        }
        StackFrame stack = new(cpu, default, pointer & ~0xFUL, is64: true, target.Cpl);
        ulong flags = FlagsImage(cpu, in pending);
        if (!stack.Push(cpu->Ss.Selector, 8) || !stack.Push(cpu->Gpr[GeneralRegister.Rsp], 8)
            || !PushReturn(cpu, ref stack, in pending, flags, 8)
            || !target.CheckOffset(cpu) || !target.MarkAccessed(cpu))
            return false;
        if (isInner)
            cpu->Ss = SegmentLoader.Null((ushort)target.Cpl, target.Cpl);
        cpu->Gpr[GeneralRegister.Rsp] = stack.Pointer;
        target.Enter(cpu);
        ClearFlags(cpu, in gate);
        return true;
    }
}
