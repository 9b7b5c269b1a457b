using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter.Tests;

/// <summary>A bare machine with a GDT, an IDT whose every handler is HLT, and TSSs, so that a test runs a few instructions and then looks at
/// which handler stopped the vCPU and what lies on its stack.</summary>
internal sealed class SystemWorld : IDisposable
{
    public const ulong Gdt = 0x4_0000, Idt = 0x4_1000, Tss = 0x4_3000, TssB = 0x4_4000, Tss16 = 0x4_5000, Handlers = 0x5_0000;
    public const ulong KernelStack = 0x6_0000, UserStack = 0x7_0000, InterruptStack = 0x6_8000, Code = BareMachine.CodeBase, Code2 = 0x12_0000;
    public const ushort KernelCode = 0x08, KernelData = 0x10, UserCode = 0x1B, UserData = 0x23, KernelCode64 = 0x28, UserCode64 = 0x3B,
        TaskSelector = 0x40, TaskBSelector = 0x50, Task16Selector = 0x58, Ring1Code = 0x61, Ring1Data = 0x69, KernelCode16 = 0x70,
        KernelData16 = 0x78, Conforming = 0x80, GateSelector = 0x88, Gate2Selector = 0x98, Spare = 0xA8, UserData64 = 0x33;
    private const ulong FlatCode = 0x00CF_9B00_0000_FFFF, FlatData = 0x00CF_9300_0000_FFFF, FlatCode64 = 0x00AF_9B00_0000_FFFF;
    private const ulong Ring3 = 3UL << 45, Ring1 = 1UL << 45;

    public SystemWorld(string cpuModel = "max")
    {
        Machine = new BareMachine(cpuModel: cpuModel);
        SetDescriptor(KernelCode, FlatCode);
        SetDescriptor(KernelData, FlatData);
        SetDescriptor(UserCode, FlatCode | Ring3);
        SetDescriptor(UserData, FlatData | Ring3);
        SetDescriptor(KernelCode64, FlatCode64);
        SetDescriptor(UserData64, FlatData | Ring3);
        SetDescriptor(UserCode64, FlatCode64 | Ring3);
        SetDescriptor(Ring1Code, FlatCode | Ring1);
        SetDescriptor(Ring1Data, FlatData | Ring1);
        SetDescriptor(KernelCode16, 0x0000_9B00_0000_FFFF);
        SetDescriptor(KernelData16, 0x0000_9300_0000_FFFF);
        SetDescriptor(Conforming, FlatCode | 4UL << 40);
        SetTask(TaskSelector, Tss, SystemDescriptorType.TssAvailable, 0x67);
        SetTask(TaskBSelector, TssB, SystemDescriptorType.TssAvailable, 0x67);
        SetTask(Task16Selector, Tss16, SystemDescriptorType.Tss16Available, 0x2B);
        Machine.Ram.Slice((int)Handlers, 256 * 16).Fill(0xF4);
    }

    public BareMachine Machine { get; }

    public ulong Qword(ulong at) => Machine.Qword(at);
    public uint Dword(ulong at) => (uint)Machine.Qword(at);
    public ushort Word(ulong at) => (ushort)Machine.Qword(at);

    public void SetDword(ulong at, uint value) => BitConverter.TryWriteBytes(Machine.Ram[(int)at..], value);
    public void SetWord(ulong at, ushort value) => BitConverter.TryWriteBytes(Machine.Ram[(int)at..], value);

    public void SetDescriptor(ushort selector, ulong low, ulong high = 0)
    {
        Machine.SetQword(Gdt + (selector & 0xFFF8u), low);
        if (high != 0) Machine.SetQword(Gdt + (selector & 0xFFF8u) + 8, high);
    }

    public void SetTask(ushort selector, ulong at, int type, uint limit) =>
        SetDescriptor(selector, limit | (at & 0xFFFFFF) << 16 | (0x80UL | (uint)type) << 40 | (at >> 24 & 0xFF) << 56);

    /// <summary>Eight bytes of a gate.</summary>
    public static ulong Gate(int type, ushort selector, ulong offset, int dpl, int low = 0) =>
        (offset & 0xFFFF) | (ulong)selector << 16 | (ulong)low << 32 | (0x80UL | (uint)(dpl << 5) | (uint)type) << 40
        | (offset >> 16 & 0xFFFF) << 48;

    /// <summary>Fills the IDT with 32-bit interrupt gates (DPL 3) to the halting handlers.</summary>
    public void SetGates32(int type = SystemDescriptorType.InterruptGate, ushort selector = KernelCode)
    {
        for (int vector = 0; vector < 256; vector++)
            Machine.SetQword(Idt + (ulong)vector * 8, Gate(type, selector, Handlers + (ulong)vector * 16, dpl: 3));
    }

    /// <summary>Fills the IDT with 64-bit interrupt gates (DPL 3).</summary>
    public void SetGates64(int stack = 0)
    {
        for (int vector = 0; vector < 256; vector++)
        {
            Machine.SetQword(Idt + (ulong)vector * 16,
                Gate(SystemDescriptorType.InterruptGate, KernelCode64, Handlers + (ulong)vector * 16, dpl: 3, stack));
            Machine.SetQword(Idt + (ulong)vector * 16 + 8, 0);
        }
    }

    /// <summary>32-bit protected mode at a privilege, with a 32-bit TSS and the IDT of <see cref="SetGates32"/>.</summary>
    public VcpuState Protected(int cpl = 0)
    {
        SetGates32();
        SetDword(Tss + 4, (uint)KernelStack);
        SetDword(Tss + 8, KernelData);
        VcpuState state = Machine.ProtectedMode();
        SetTables(ref state, 0x7FF);
        ushort data = cpl == 3 ? UserData : KernelData;
        ushort dpl = (ushort)(cpl << SegmentAttributes.DplShift);
        foreach (int i in (ReadOnlySpan<int>)[0, 2, 3, 4, 5])
            state.Segments[i] = new SegmentState { Selector = data, Limit = uint.MaxValue, Attributes = (ushort)(0xC093 | dpl) };
        state.Segments[1] = new SegmentState
            { Selector = cpl == 3 ? UserCode : KernelCode, Limit = uint.MaxValue, Attributes = (ushort)(0xC09B | dpl) };
        state.Gpr[4] = cpl == 3 ? UserStack : KernelStack - 0x1000;
        return state;
    }

    /// <summary>64-bit mode at a privilege, with a TSS and the IDT of <see cref="SetGates64"/>.</summary>
    public VcpuState Long(int cpl = 0, int interruptStack = 0)
    {
        SetGates64(interruptStack);
        Machine.SetQword(Tss + 4, KernelStack);
        Machine.SetQword(Tss + 0x24, InterruptStack);
        VcpuState state = Machine.LongMode();
        SetTables(ref state, 0xFFF);
        ushort dpl = (ushort)(cpl << SegmentAttributes.DplShift);
        state.Segments[1] = new SegmentState
            { Selector = cpl == 3 ? UserCode64 : KernelCode64, Limit = uint.MaxValue, Attributes = (ushort)(0xA09B | dpl) };
        state.Segments[2] = new SegmentState
            { Selector = cpl == 3 ? UserData64 : KernelData, Limit = uint.MaxValue, Attributes = (ushort)(0xC093 | dpl) };
        state.Gpr[4] = cpl == 3 ? UserStack : KernelStack - 0x1000;
        return state;
    }

    private static void SetTables(ref VcpuState state, uint idtLimit)
    {
        state.Gdtr = new TableState { Base = Gdt, Limit = 0xFF };
        state.Idtr = new TableState { Base = Idt, Limit = idtLimit };
        state.Tr = new SegmentState { Selector = TaskSelector, Base = Tss, Limit = 0x67, Attributes = 0x8B };
    }

    /// <summary>Assembles a program to <see cref="Code"/> and runs from the state until HLT; gives the state after.</summary>
    public VcpuState Run(in VcpuState state, int bitness, Action<Assembler> program, ulong budget = 10_000)
    {
        Machine.Load(program, bitness);
        VcpuState after = Machine.Run(state, out VcpuExit exit, budget);
        LastExit = exit.Reason;
        return after;
    }

    public VcpuExitReason LastExit { get; private set; }

    /// <summary>The vector whose handler halted.</summary>
    public static int Vector(in VcpuState state) => (int)((state.Segments[1].Base + state.Rip - 1 - Handlers) / 16);

    public void Dispose() => Machine.Dispose();
}
