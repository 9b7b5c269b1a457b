using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Hardware task switches (SDM vol. 3, 7.3).</summary>
public sealed class TaskSwitchTests
{
    private const ulong BusyBit = 2UL << 40;

    /// <summary>A 32-bit TSS that resumes at <see cref="SystemWorld.Code2"/> in ring 0.</summary>
    private static void FillTaskB(SystemWorld world, ushort stackSelector = SystemWorld.KernelData, uint flags = 2)
    {
        world.SetDword(SystemWorld.TssB + 0x20, (uint)SystemWorld.Code2);
        world.SetDword(SystemWorld.TssB + 0x24, flags);
        for (uint i = 0; i < 8; i++) world.SetDword(SystemWorld.TssB + 0x28 + i * 4, 0x1000 + i);
        world.SetDword(SystemWorld.TssB + 0x28 + 4 * 4, 0x6_4000);
        ushort[] selectors = [SystemWorld.KernelData, SystemWorld.KernelCode, stackSelector, SystemWorld.KernelData, 0, 0];
        for (uint i = 0; i < 6; i++) world.SetDword(SystemWorld.TssB + 0x48 + i * 4, selectors[i]);
    }

    [Fact]
    public void Jump_ToTss_SavesTheOldTaskAndLoadsTheNew()
    {
        using SystemWorld world = new();
        FillTaskB(world);
        VcpuState state = world.Protected();
        world.Machine.SetQword(SystemWorld.Gdt + SystemWorld.TaskSelector,
            world.Qword(SystemWorld.Gdt + SystemWorld.TaskSelector) | BusyBit);
        state.Gpr[3] = 0xB0B;
        world.Machine.Ram[(int)SystemWorld.Code2] = 0xF4;
        VcpuState after = world.Run(state, 32, a => a.jmp(SystemWorld.TaskBSelector, 0));
        Assert.Equal(SystemWorld.Code2 + 1, after.Rip);
        Assert.Equal(0x1003ul, after.Gpr[3]);
        Assert.Equal(0x6_4000ul, after.Gpr[4]);
        Assert.Equal(SystemWorld.TaskBSelector, after.Tr.Selector);
        Assert.NotEqual(0ul, after.Cr0 & Cr0.Ts);
        Assert.Equal((uint)SystemWorld.Code + 7, world.Dword(SystemWorld.Tss + 0x20));
        Assert.Equal(0xB0Bu, world.Dword(SystemWorld.Tss + 0x28 + 3 * 4));
        Assert.Equal(SystemWorld.KernelCode, world.Word(SystemWorld.Tss + 0x4C));
        Assert.Equal(0ul, world.Qword(SystemWorld.Gdt + SystemWorld.TaskSelector) & BusyBit);
        Assert.Equal(BusyBit, world.Qword(SystemWorld.Gdt + SystemWorld.TaskBSelector) & BusyBit);
        Assert.Equal(0ul, after.Rflags & Rflags.Nt);
    }

    [Fact]
    public void Call_ToTss_NestsAndIretComesBack()
    {
        using SystemWorld world = new();
        FillTaskB(world);
        VcpuState state = world.Protected();
        world.Machine.SetQword(SystemWorld.Gdt + SystemWorld.TaskSelector,
            world.Qword(SystemWorld.Gdt + SystemWorld.TaskSelector) | BusyBit);
        world.Machine.Load(a => a.iretd(), 32, SystemWorld.Code2);
        VcpuState after = world.Run(state, 32, a =>
        {
            a.call(SystemWorld.TaskBSelector, 0);
            a.hlt();
        });
        Assert.Equal(SystemWorld.Code + 8, after.Rip);
        Assert.Equal(SystemWorld.TaskSelector, after.Tr.Selector);
        Assert.Equal(SystemWorld.TaskSelector, world.Word(SystemWorld.TssB));
        // The called task is no longer busy; the caller still is.
        Assert.Equal(0ul, world.Qword(SystemWorld.Gdt + SystemWorld.TaskBSelector) & BusyBit);
        Assert.Equal(BusyBit, world.Qword(SystemWorld.Gdt + SystemWorld.TaskSelector) & BusyBit);
        Assert.Equal(0ul, after.Rflags & Rflags.Nt);
    }

    [Fact]
    public void Jump_ToBusyTss_IsGeneralProtection()
    {
        using SystemWorld world = new();
        world.Machine.SetQword(SystemWorld.Gdt + SystemWorld.TaskBSelector,
            world.Qword(SystemWorld.Gdt + SystemWorld.TaskBSelector) | BusyBit);
        VcpuState after = world.Run(world.Protected(), 32, a => a.jmp(SystemWorld.TaskBSelector, 0));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.TaskBSelector, world.Word(after.Gpr[4]));
    }

    [Fact]
    public void Jump_NewTaskWithBadStack_FaultsInTheNewTask()
    {
        using SystemWorld world = new();
        FillTaskB(world, stackSelector: SystemWorld.UserData);
        // #TS through a task gate to the 16-bit TSS, because the new task has no usable stack.
        world.SetWord(SystemWorld.Tss16 + 0x0E, 0x8000);
        world.SetWord(SystemWorld.Tss16 + 0x10, 2);
        world.SetWord(SystemWorld.Tss16 + 0x12 + 4 * 2, 0x7000);
        world.SetWord(SystemWorld.Tss16 + 0x24, SystemWorld.KernelCode);
        world.SetWord(SystemWorld.Tss16 + 0x26, SystemWorld.KernelData);
        world.Machine.Ram[0x8000] = 0xF4;
        VcpuState state = world.Protected();
        world.Machine.SetQword(SystemWorld.Idt + Fault.Ts * 8,
            SystemWorld.Gate(SystemDescriptorType.TaskGate, SystemWorld.Task16Selector, 0, dpl: 0));
        VcpuState after = world.Run(state, 32, a => a.jmp(SystemWorld.TaskBSelector, 0));
        Assert.Equal(0x8001ul, after.Rip);
        Assert.Equal(SystemWorld.Task16Selector, after.Tr.Selector);
        // The back link names the task that faulted, and its error code lies on the handler's stack.
        Assert.Equal(SystemWorld.TaskBSelector, world.Word(SystemWorld.Tss16));
        Assert.Equal(0x6FFEul, after.Gpr[4] & 0xFFFF);
        Assert.Equal(SystemWorld.UserData & 0xFFFC, world.Word(0x6FFE));
        Assert.NotEqual(0ul, after.Rflags & Rflags.Nt);
    }

    [Fact]
    public void Gate_DebugTrapBit_IsDebugExceptionInTheNewTask()
    {
        using SystemWorld world = new();
        FillTaskB(world);
        world.SetWord(SystemWorld.TssB + 0x64, 1);
        VcpuState after = world.Run(world.Protected(), 32, a => a.jmp(SystemWorld.TaskBSelector, 0));
        Assert.Equal(Fault.Db, SystemWorld.Vector(after));
        Assert.Equal(Dr6.Bt, after.Dr[6] & Dr6.Bt);
        Assert.Equal((uint)SystemWorld.Code2, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void Jump_LongMode_IsGeneralProtection()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        world.SetDword(0xA000, 0);
        world.SetWord(0xA004, SystemWorld.TaskBSelector);
        VcpuState after = world.Run(state, 64, a => a.db(0xFF, 0x2C, 0x25, 0x00, 0xA0, 0x00, 0x00));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.TaskBSelector, world.Word(after.Gpr[4]));
    }
}
