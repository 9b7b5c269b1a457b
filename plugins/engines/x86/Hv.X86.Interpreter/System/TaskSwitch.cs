using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>What started a task switch.</summary>
internal enum TaskSwitchReason : byte
{
    Jump,
    Call,
    /// <summary>IRET with NT set.</summary>
    Return,
    /// <summary>A task gate of the IDT: nests like a call.</summary>
    Gate,
}

/// <summary>Hardware task switches between 16- and 32-bit TSSs (SDM vol. 3, 7.3). Faults before the commit point leave the old task; later
/// ones are raised in the new task, at its first instruction (SDM vol. 3, 6.15, #TS).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class TaskSwitch
{
    private const int Tss32 = 8;
    private const uint MinLimit32 = 0x67, MinLimit16 = 0x2B;
    private const ulong LinkOffset = 0;

    [InlineArray(8)]
    private struct EightRegisters { private uint e0; }

    [InlineArray(SegmentRegister.Count)]
    private struct SixSelectors { private ushort e0; }

    /// <summary>The part of a TSS that a switch saves and loads (SDM vol. 3, figures 7-2 and 7-10).</summary>
    private struct Image
    {
        public uint Cr3;
        public uint Eip;
        public uint Eflags;
        public EightRegisters Registers;
        public SixSelectors Selectors;
        public ushort Ldt;
        public bool IsTrapped;
    }

    /// <summary>The TSS that a task gate names: in the GDT, an available TSS, present.</summary>
    public static bool ReadGateTarget(Cpu* cpu, ushort selector, out SegmentDescriptor tss, out ulong linear)
    {
        const int tableIndicator = 4;
        tss = default;
        linear = 0;
        if ((selector & tableIndicator) != 0)
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        if (!DescriptorTables.Read(cpu, selector, out tss, out linear))
            return false;
        if (tss.IsCodeOrData || tss.Type is not (SystemDescriptorType.TssAvailable or SystemDescriptorType.Tss16Available))
            return SystemFault.WithSelector(cpu, Fault.Gp, selector);
        return tss.IsPresent || SystemFault.WithSelector(cpu, Fault.Np, selector);
    }

    /// <summary>IRET with NT set: back to the task that the back link names.</summary>
    public static bool ReturnToCaller(Cpu* cpu, ulong next)
    {
        if (!SystemMemory.Read(cpu, (uint)(cpu->Tr.Base + LinkOffset), 2, out ulong link))
            return false;
        ushort selector = (ushort)link;
        const int tableIndicator = 4;
        if ((selector & tableIndicator) != 0)
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        if (!DescriptorTables.Read(cpu, selector, out SegmentDescriptor tss, out ulong linear, Fault.Ts))
            return false;
        if (tss.IsCodeOrData || tss.Type is not (SystemDescriptorType.TssBusy or SystemDescriptorType.Tss16Busy))
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        if (!tss.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, selector);
        return Switch(cpu, selector, tss, linear, TaskSwitchReason.Return, next);
    }

    /// <summary>Switches to a TSS whose type, privilege and presence are checked. <paramref name="next"/> is where the old task resumes.</summary>
    public static bool Switch(
        Cpu* cpu, ushort selector, in SegmentDescriptor tss, ulong linear, TaskSwitchReason reason, ulong next)
    {
        bool is32 = (tss.Type & Tss32) != 0;
        if (tss.Limit < (is32 ? MinLimit32 : MinLimit16))
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        if (!ReadImage(cpu, (uint)tss.Base, is32, out Image image))
            return false;
        bool nests = reason is TaskSwitchReason.Call or TaskSwitchReason.Gate;
        ulong oldFlags = Flags.Read(cpu);
        if (reason == TaskSwitchReason.Return)
            oldFlags &= ~Rflags.Nt;
        if (!SaveImage(cpu, next, oldFlags)
            || (!nests && !SetBusy(cpu, cpu->Tr.Selector, isBusy: false))
            || (nests && !SystemMemory.Write(cpu, (uint)(tss.Base + LinkOffset), 2, cpu->Tr.Selector))
            || (reason != TaskSwitchReason.Return && !DescriptorTables.WriteBusy(cpu, linear, in tss, isBusy: true)))
            return false;

        // The commit point: from here on the new task runs.
        SegmentState register = tss.ToSegment(selector);
        register.Attributes |= SystemDescriptorType.BusyBit;
        cpu->Tr = register;
        cpu->Cr0 |= Cr0.Ts;
        cpu->Dr[7] &= ~(Dr7.LocalEnables | Dr7.LocalExact);
        if (is32 && (cpu->Cr0 & Cr0.Pg) != 0 && !ControlRegisters.LoadPageTable(cpu, image.Cr3))
            return false;
        bool isLoaded = LoadTask(cpu, in image, nests);
        if (image.IsTrapped)
            cpu->PendingDebug |= Dr6.Bt;
        return isLoaded;
    }

    private static bool SetBusy(Cpu* cpu, ushort selector, bool isBusy)
    {
        if (!DescriptorTables.TryFind(cpu, selector, sizeof(ulong), out ulong linear))
            return true;
        return SystemMemory.Read(cpu, linear, sizeof(ulong), out ulong bits)
            && DescriptorTables.WriteBusy(cpu, linear, new SegmentDescriptor(bits), isBusy);
    }

    private static bool ReadImage(Cpu* cpu, uint at, bool is32, out Image image)
    {
        image = default;
        int size = is32 ? 4 : 2;
        uint eip = is32 ? 0x20u : 0x0Eu;
        bool isRead = !is32 || Read(cpu, at + 0x1C, 4, ref image.Cr3);
        isRead = isRead && Read(cpu, at + eip, size, ref image.Eip) && Read(cpu, at + eip + (uint)size, size, ref image.Eflags);
        uint registers = eip + 2 * (uint)size;
        for (int i = 0; i < 8 && isRead; i++)
            isRead = Read(cpu, at + registers + (uint)(i * size), size, ref image.Registers[i]);
        uint segments = registers + 8 * (uint)size;
        int count = is32 ? SegmentRegister.Count : SegmentRegister.Ds + 1;
        uint word = 0;
        for (int i = 0; i < count && isRead; i++)
        {
            isRead = Read(cpu, at + segments + (uint)(i * size), 2, ref word);
            image.Selectors[i] = (ushort)word;
        }
        isRead = isRead && Read(cpu, at + segments + (uint)(count * size), 2, ref word);
        image.Ldt = (ushort)word;
        uint trap = 0;
        isRead = isRead && (!is32 || Read(cpu, at + 0x64, 2, ref trap));
        image.IsTrapped = (trap & 1) != 0;
        return isRead;
    }

    private static bool Read(Cpu* cpu, uint linear, int size, ref uint value)
    {
        bool isRead = SystemMemory.Read(cpu, linear, size, out ulong wide);
        value = (uint)wide;
        return isRead;
    }

    /// <summary>Writes the old task's registers to its TSS. Repeating it after a fault gives the same.</summary>
    private static bool SaveImage(Cpu* cpu, ulong next, ulong flags)
    {
        bool is32 = (cpu->Tr.Attributes & Tss32) != 0;
        int size = is32 ? 4 : 2;
        uint at = (uint)cpu->Tr.Base + (is32 ? 0x20u : 0x0Eu);
        if (!SystemMemory.Write(cpu, at, size, next) || !SystemMemory.Write(cpu, at + (uint)size, size, flags))
            return false;
        at += 2 * (uint)size;
        for (int i = 0; i < 8; i++)
            if (!SystemMemory.Write(cpu, at + (uint)(i * size), size, cpu->Gpr[i]))
                return false;
        at += 8 * (uint)size;
        int count = is32 ? SegmentRegister.Count : SegmentRegister.Ds + 1;
        for (int i = 0; i < count; i++)
            if (!SystemMemory.Write(cpu, at + (uint)(i * size), 2, Cpu.Segment(cpu, i)->Selector))
                return false;
        return true;
    }

    /// <summary>Loads the new task. Selectors first, all of them, so that a fault finds them visible with unusable hidden parts.</summary>
    private static bool LoadTask(Cpu* cpu, in Image image, bool nests)
    {
        ulong flags = image.Eflags | (nests ? Rflags.Nt : 0);
        Flags.Write(cpu, (flags & Rflags.Defined) | Rflags.One);
        cpu->Rip = image.Eip;
        for (int i = 0; i < 8; i++)
            cpu->Gpr[i] = image.Registers[i];
        bool isVirtual8086 = (flags & Rflags.Vm) != 0;
        cpu->Cpl = isVirtual8086 ? (byte)3 : (byte)(image.Selectors[SegmentRegister.Cs] & 3);
        for (int i = 0; i < SegmentRegister.Count; i++)
            *Cpu.Segment(cpu, i) = isVirtual8086
                ? SegmentLoader.Virtual8086(image.Selectors[i])
                : SegmentLoader.Null(image.Selectors[i], cpu->Cpl);
        cpu->Ldtr = SegmentLoader.Null(image.Ldt, cpl: 0);

        if (!LoadLdt(cpu, image.Ldt))
            return false;
        if (!isVirtual8086 && !LoadSegments(cpu, in image))
            return false;
        CpuMode.Refresh(cpu);
        return cpu->Rip <= cpu->Cs.Limit || SystemFault.GeneralProtection(cpu);
    }

    private static bool LoadLdt(Cpu* cpu, ushort selector)
    {
        if (DescriptorTables.IsNull(selector))
            return true;
        const int tableIndicator = 4;
        if ((selector & tableIndicator) != 0)
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        if (!DescriptorTables.Read(cpu, selector, out SegmentDescriptor ldt, out _, Fault.Ts))
            return false;
        if (ldt.IsCodeOrData || ldt.Type != SystemDescriptorType.Ldt || !ldt.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        cpu->Ldtr = ldt.ToSegment(selector);
        return true;
    }

    private static bool LoadSegments(Cpu* cpu, in Image image)
    {
        ushort selector = image.Selectors[SegmentRegister.Cs];
        if (DescriptorTables.IsNull(selector))
            return SystemFault.WithSelector(cpu, Fault.Ts, 0);
        if (!DescriptorTables.Read(cpu, selector, out SegmentDescriptor code, out ulong linear, Fault.Ts))
            return false;
        bool isAllowed = code.IsConforming ? code.Dpl <= cpu->Cpl : code.Dpl == cpu->Cpl;
        if (!code.IsCode || !isAllowed)
            return SystemFault.WithSelector(cpu, Fault.Ts, selector);
        if (!code.IsPresent)
            return SystemFault.WithSelector(cpu, Fault.Np, selector);
        if (!DescriptorTables.MarkAccessed(cpu, linear, ref code))
            return false;
        cpu->Cs = code.ToSegment(selector);

        selector = image.Selectors[SegmentRegister.Ss];
        if (!SegmentLoader.CheckStack(cpu, selector, cpu->Cpl, out SegmentDescriptor stack, out linear, Fault.Ts)
            || !DescriptorTables.MarkAccessed(cpu, linear, ref stack))
            return false;
        cpu->Ss = stack.ToSegment(selector);

        ReadOnlySpan<int> dataRegisters = [SegmentRegister.Es, SegmentRegister.Ds, SegmentRegister.Fs, SegmentRegister.Gs];
        foreach (int register in dataRegisters)
        {
            selector = image.Selectors[register];
            if (DescriptorTables.IsNull(selector))
                continue;
            if (!SegmentLoader.CheckData(cpu, selector, out SegmentDescriptor data, out linear, Fault.Ts)
                || !DescriptorTables.MarkAccessed(cpu, linear, ref data))
                return false;
            *Cpu.Segment(cpu, register) = data.ToSegment(selector);
        }
        return true;
    }
}
