using Hv.Sdk.Engines;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>What differs between the modes: address and operand sizes, segments and their limits, instruction pointers.</summary>
public sealed class ModeTests
{
    [Fact]
    public void RealMode_CallsAndStack_UseSixteenBits()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label function = c.CreateLabel(), done = c.CreateLabel();
            c.mov(ax, 0x1234);
            c.call(function);
            c.push(ax);
            c.hlt();
            c.Label(ref function);
            c.add(ax, 1);
            c.ret();
        }, bitness: 16, at: BareMachine.RealCodeBase);
        VcpuState start = machine.RealMode();
        start.Gpr[0] = 0xFFFF_0000;
        VcpuState after = machine.Run(start, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0xFFFF_1235ul, after.Gpr[0]);
        Assert.Equal(0x6FFEul, after.Gpr[4]);
        Assert.Equal(0x1235, (ushort)machine.Qword(0x6FFE));
        Assert.Equal(6ul, after.Retired);
    }

    [Fact]
    public void RealMode_SegmentBase_IsAdded()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            c.mov(ax, 0x2000);
            c.mov(ds, ax);
            c.mov(__byte_ptr[0x34], 0x77);
            c.mov(bx, 0xFFFF);
            c.mov(al, __byte_ptr[bx + 2]);
            c.hlt();
        }, bitness: 16, at: BareMachine.RealCodeBase);
        machine.Ram[0x2_0001] = 0x55;
        VcpuState after = machine.Run(machine.RealMode(), out _);
        Assert.Equal(0x77, machine.Ram[0x2_0034]);
        // BX + 2 wraps at 64 KiB.
        Assert.Equal(0x55, (byte)after.Gpr[0]);
    }

    [Fact]
    public void RealMode_WordAtTheSegmentsEnd_IsAFault()
    {
        using var machine = new BareMachine();
        // The IVT entry of #GP leads to a HLT.
        machine.Ram[0x500] = 0xF4;
        machine.SetQword(13 * 4, 0x500);
        machine.Load(c =>
        {
            c.mov(bx, 0xFFFF);
            c.mov(ax, __word_ptr[bx]);
            c.mov(cx, 1);
        }, bitness: 16, at: BareMachine.RealCodeBase);
        VcpuState after = machine.Run(machine.RealMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0x501ul, after.Rip);
        Assert.NotEqual(1, (ushort)after.Gpr[1]);
    }

    [Fact]
    public void RealMode_ProtectedModeSwitch_AndBack_Runs()
    {
        using var machine = new BareMachine();
        const ulong gdt = 0x9000;
        machine.SetQword(gdt + 8, 0x00CF_9B00_0000_FFFF);
        machine.SetQword(gdt + 16, 0x00CF_9300_0000_FFFF);
        machine.SetQword(0x9100, gdt << 16 | 0x1F);
        machine.Load(c =>
        {
            c.lgdt(__[0x9100]);
            c.mov(eax, cr0);
            c.or(al, 1);
            c.mov(cr0, eax);
            c.db(0x66, 0xEA, 0x00, 0x00, 0x10, 0x00, 0x08, 0x00); // jmp dword 8:100000h
        }, bitness: 16, at: BareMachine.RealCodeBase);
        machine.Load(c =>
        {
            c.mov(eax, 16);
            c.mov(ds, eax);
            c.mov(__dword_ptr[0x20_0000], 0x1234_5678);
            c.hlt();
        }, bitness: 32);
        machine.Run(machine.RealMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0x1234_5678ul, machine.Qword(0x20_0000));
    }

    [Fact]
    public void ProtectedMode_FlatCode_RunsAndLeavesUpperHalvesZero()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.mov(ecx, 1000);
            c.xor(eax, eax);
            c.Label(ref again);
            c.add(eax, ecx);
            c.loop(again);
            c.hlt();
        }, bitness: 32);
        VcpuState after = machine.Run(machine.ProtectedMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(500_500ul, after.Gpr[0]);
        Assert.Equal(2003ul, after.Retired);
    }

    [Fact]
    public void ProtectedMode_JumpBeyondTheLimit_FaultsAtTheJump()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            c.nop();
            c.jmp(0x20_0000);
        }, bitness: 32);
        VcpuState state = machine.ProtectedMode();
        state.Segments[1].Limit = 0x1F_FFFF;
        state.Idtr = default;
        VcpuState after = machine.Run(state, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.TripleFault, exit.Reason);
        Assert.Equal(BareMachine.CodeBase + 1, after.Rip);
        Assert.Equal(1ul, after.Retired);
    }

    [Fact]
    public void LongMode_RipRelativeAndHighRegisters_Work()
    {
        using var machine = new BareMachine();
        machine.SetQword(0x20_0000, 0xAABB_CCDD_EEFF_0011);
        machine.Load(c =>
        {
            c.db(0x4C, 0x8B, 0x3D, 0xF9, 0xFF, 0x0F, 0x00); // mov r15, [rip + 0FFFF9h]: 200000h
            c.mov(eax, -1);
            c.mov(sil, 0x12);
            c.mov(ah, 0x34);
            c.hlt();
        });
        VcpuState start = machine.LongMode();
        start.Gpr[0] = start.Gpr[6] = ulong.MaxValue;
        VcpuState after = machine.Run(start, out _);
        Assert.Equal(0xAABB_CCDD_EEFF_0011ul, after.Gpr[15]);
        Assert.Equal(0x0000_0000_FFFF_34FFul, after.Gpr[0]);
        Assert.Equal(0xFFFF_FFFF_FFFF_FF12ul, after.Gpr[6]);
    }

    [Fact]
    public void Run_HotLoop_AllocatesNothing()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel(), function = c.CreateLabel();
            c.Label(ref again);
            c.push(rax);
            c.call(function);
            c.pop(rax);
            c.inc(__qword_ptr[0x20_0000]);
            c.mov(rsi, 0x20_0000);
            c.mov(rdi, 0x21_0000);
            c.mov(ecx, 100);
            c.rep.movsb();
            c.jmp(again);
            c.Label(ref function);
            c.mov(rbx, __qword_ptr[rsp]);
            c.jmp(rbx);
        });
        machine.Run(machine.LongMode(), out _, 10_000);
        machine.Vcpu.Run(new RunBudget { Instructions = 10_000 });
        long before = GC.GetAllocatedBytesForCurrentThread();
        machine.Vcpu.Run(new RunBudget { Instructions = 1_000_000 });
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void SameProgram_InOneRunOrManySmallOnes_EndsInTheSameState()
    {
        VcpuState whole = RunInSteps(50_000), pieces = RunInSteps(7);
        Assert.Equal(whole.Gpr[0], pieces.Gpr[0]);
        Assert.Equal(whole.Gpr[2], pieces.Gpr[2]);
        Assert.Equal(whole.Rip, pieces.Rip);
        Assert.Equal(whole.Rflags, pieces.Rflags);
        Assert.Equal(whole.Retired, pieces.Retired);
    }

    private static VcpuState RunInSteps(ulong step)
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel(), skip = c.CreateLabel();
            c.Label(ref again);
            c.imul(rax, rax, 25214903);
            c.add(rax, 11);
            c.test(al, 4);
            c.je(skip);
            c.adc(rdx, rax);
            c.Label(ref skip);
            c.mov(__qword_ptr[0x20_0000], rdx);
            c.jmp(again);
        });
        machine.Vcpu.WriteState(machine.LongMode());
        for (ulong done = 0; done < 50_000; done += step) machine.Vcpu.Run(new RunBudget { Instructions = Math.Min(step, 50_000 - done) });
        VcpuState after = default;
        machine.Vcpu.ReadState(ref after);
        return after;
    }
}
