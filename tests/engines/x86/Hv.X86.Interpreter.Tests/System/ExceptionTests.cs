using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Double and triple faults, single-stepping, breakpoints, interrupt shadows (SDM vol. 3, chapters 6 and 17).</summary>
public sealed class ExceptionTests
{
    [Fact]
    public void Fault_InADeliveryOfAContributoryFault_IsADoubleFault()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        // #NP while #GP is delivered: contributory on contributory.
        ulong gate = SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode, 0x8000, dpl: 3) & ~(0x80UL << 40);
        world.Machine.SetQword(SystemWorld.Idt + Fault.Gp * 8, gate);
        VcpuState after = world.Run(state, 32, a => a.jmp(0x100, 0));
        Assert.Equal(Fault.Df, SystemWorld.Vector(after));
        Assert.Equal(0u, world.Dword(after.Gpr[4]));
        Assert.Equal((uint)SystemWorld.Code, world.Dword(after.Gpr[4] + 4));
    }

    [Fact]
    public void Fault_InTheDeliveryOfABenignOne_IsDeliveredItself()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        ulong gate = SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode, 0x8000, dpl: 3) & ~(0x80UL << 40);
        world.Machine.SetQword(SystemWorld.Idt + Fault.Ud * 8, gate);
        VcpuState after = world.Run(state, 32, a => a.ud2());
        Assert.Equal(Fault.Np, SystemWorld.Vector(after));
        // #UD is an event from outside the program: EXT is set (SDM vol. 3, 6.13).
        Assert.Equal(Fault.Ud * 8u + 2 + 1, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void Fault_WithoutAnyIdt_IsATripleFault()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Idtr.Limit = 0;
        VcpuState after = world.Run(state, 32, a => a.ud2());
        Assert.Equal(VcpuExitReason.TripleFault, world.LastExit);
        Assert.Equal(VcpuActivity.Shutdown, after.Activity);
    }

    [Fact]
    public void PageFault_InTheDeliveryOfAPageFault_IsADoubleFault()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        // The ring-0 stack for everything but #DF is not mapped; #DF has an interrupt stack.
        world.Machine.SetQword(SystemWorld.Tss + 4, 0x1_0000_0000_0000 >> 1);
        world.Machine.SetQword(SystemWorld.Idt + Fault.Df * 16,
            SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode64, SystemWorld.Handlers + 8 * 16, dpl: 0, low: 1));
        VcpuState after = world.Run(state, 64, a => a.mov(rax, __qword_ptr[0x10_0000_0000]));
        Assert.Equal(Fault.Df, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.InterruptStack - 48, after.Gpr[4]);
    }

    [Fact]
    public void PageFault_FromUser_ReportsTheAccess()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Long(cpl: 3), 64, a => a.mov(__qword_ptr[0x10_0000_0008], rax));
        Assert.Equal(Fault.Pf, SystemWorld.Vector(after));
        Assert.Equal(6ul, world.Qword(after.Gpr[4]));
        Assert.Equal(0x10_0000_0008ul, after.Cr2);
    }

    [Fact]
    public void TrapFlag_AfterEachInstruction_IsDebugException()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Rflags |= Rflags.Tf;
        VcpuState after = world.Run(state, 32, a =>
        {
            a.mov(eax, 1);
            a.mov(eax, 2);
        });
        Assert.Equal(Fault.Db, SystemWorld.Vector(after));
        Assert.Equal(1ul, after.Gpr[0]);
        Assert.Equal((uint)SystemWorld.Code + 5, world.Dword(after.Gpr[4]));
        Assert.Equal(Rflags.Tf, world.Dword(after.Gpr[4] + 8) & Rflags.Tf);
        Assert.Equal(Dr6.Bs, after.Dr[6] & Dr6.Bs);
        Assert.Equal(0ul, after.Rflags & Rflags.Tf);
    }

    [Fact]
    public void TrapFlag_MovSs_CoversTheNextInstruction()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Rflags |= Rflags.Tf;
        state.Gpr[1] = SystemWorld.KernelData;
        VcpuState after = world.Run(state, 32, a =>
        {
            a.mov(ss, ecx);
            a.mov(eax, 2);
            a.mov(eax, 3);
        });
        Assert.Equal(Fault.Db, SystemWorld.Vector(after));
        Assert.Equal(2ul, after.Gpr[0]);
    }

    [Fact]
    public void Breakpoint_OnExecution_IsAFaultThatResumes()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Dr[0] = SystemWorld.Code + 5;
        state.Dr[7] = 0x401;
        // The handler returns at once: with RF in the frame the instruction runs.
        world.Machine.Load(a => a.iretd(), 32, SystemWorld.Handlers + Fault.Db * 16);
        VcpuState after = world.Run(state, 32, a =>
        {
            a.mov(eax, 1);
            a.mov(eax, 2);
            a.hlt();
        });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Assert.Equal(2ul, after.Gpr[0]);
        Assert.Equal(1ul, after.Dr[6] & Dr6.B);
        Assert.Equal(0ul, after.Rflags & Rflags.Rf);
    }

    [Fact]
    public void Breakpoint_OnWrite_TrapsAfterTheInstruction()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Dr[2] = 0x9000;
        // G2, write, four bytes.
        state.Dr[7] = 0x400 | 2 << 4 | 0xDul << 24;
        VcpuState after = world.Run(state, 32, a =>
        {
            a.mov(eax, __dword_ptr[0x9000]);
            a.mov(__byte_ptr[0x9003], al);
            a.mov(eax, 7);
        });
        Assert.Equal(Fault.Db, SystemWorld.Vector(after));
        Assert.Equal(4ul, after.Dr[6] & Dr6.B);
        Assert.Equal((uint)SystemWorld.Code + 10, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void GeneralDetect_MovToDebugRegister_Faults()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Dr[7] = 0x400 | Dr7.Gd;
        VcpuState after = world.Run(state, 32, a => a.mov(dr0, eax));
        Assert.Equal(Fault.Db, SystemWorld.Vector(after));
        Assert.Equal(Dr6.Bd, after.Dr[6] & Dr6.Bd);
        Assert.Equal(0ul, after.Dr[7] & Dr7.Gd);
    }

    [Fact]
    public void Interrupt_AfterSti_WaitsForOneInstruction()
    {
        using SystemWorld world = new();
        world.Machine.Apic.Pending = VcpuSignals.Interrupt;
        world.Machine.Apic.Vector = 0x50;
        VcpuState after = world.Run(world.Protected(), 32, a =>
        {
            a.mov(eax, 1);
            a.sti();
            a.mov(eax, 2);
            a.mov(eax, 3);
        });
        Assert.Equal(0x50, SystemWorld.Vector(after));
        Assert.Equal(2ul, after.Gpr[0]);
    }

    [Fact]
    public void Nmi_UntilIret_BlocksFurtherOnes()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.Machine.Apic.Pending = VcpuSignals.Nmi;
        VcpuState after = world.Run(state, 32, a => a.mov(eax, 1));
        Assert.Equal(Fault.Nmi, SystemWorld.Vector(after));
        Assert.Equal(1, after.NmiBlocked);
        world.Machine.Apic.Pending = VcpuSignals.Nmi;
        world.Machine.Load(a => { a.mov(eax, 5); a.iretd(); }, 32, SystemWorld.Handlers + 0x300 * 16);
        after.Rip = SystemWorld.Handlers + 0x300 * 16;
        after.Activity = VcpuActivity.Running;
        VcpuState second = world.Machine.Run(after, out _);
        Assert.Equal(Fault.Nmi, SystemWorld.Vector(second));
        Assert.Equal(5ul, second.Gpr[0]);
        Assert.Equal((uint)SystemWorld.Code, world.Dword(second.Gpr[4]));
    }

    [Fact]
    public void Halt_Interrupt_Wakes()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Rflags |= Rflags.If;
        VcpuState halted = world.Run(state, 32, a => a.hlt());
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Assert.Equal(VcpuActivity.Halted, halted.Activity);
        world.Machine.Apic.Pending = VcpuSignals.Interrupt;
        world.Machine.Apic.Vector = 0x51;
        VcpuState after = world.Machine.Run(halted, out _);
        Assert.Equal(0x51, SystemWorld.Vector(after));
        Assert.Equal((uint)SystemWorld.Code + 1, world.Dword(after.Gpr[4]));
    }
}
