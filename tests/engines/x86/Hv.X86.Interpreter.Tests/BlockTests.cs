using Hv.Sdk.Engines;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Blocks, links and budgets.</summary>
public sealed class BlockTests
{
    [Fact]
    public void Run_Loop_RetiresExactlyTheBudget()
    {
        for (ulong budget = 1; budget < 400; budget += 7)
        {
            using var machine = new BareMachine();
            machine.Load(c =>
            {
                Iced.Intel.Label again = c.CreateLabel();
                c.Label(ref again);
                c.inc(rax);
                c.cmp(rax, 1000);
                c.jne(again);
                c.jmp(again);
            });
            VcpuState after = machine.Run(machine.LongMode(), out VcpuExit exit, budget);
            Assert.Equal(VcpuExitReason.Budget, exit.Reason);
            Assert.Equal(budget, machine.Vcpu.Retired);
            Assert.Equal((budget + 2) / 3, after.Gpr[0]);
        }
    }

    [Fact]
    public void Run_CodeThatOverwritesItsNextInstruction_ExecutesTheNewOne()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            // mov byte [rip+0], imm is followed by inc rax (48 FF C0), whose last byte becomes C8: dec rax.
            Iced.Intel.Label target = c.CreateLabel(), stop = c.CreateLabel();
            c.mov(__byte_ptr[(long)BareMachine.CodeBase + 10], 0xC8);
            c.Label(ref target);
            c.inc(rax);
            c.Label(ref stop);
            c.jmp(stop);
        });
        Assert.Equal(0xC0, machine.Ram[(int)BareMachine.CodeBase + 10]);
        VcpuState after = machine.Run(machine.LongMode(), out _, 10);
        Assert.Equal(ulong.MaxValue, after.Gpr[0]);
    }

    [Fact]
    public void Run_InstructionAcrossPages_Executes()
    {
        using var machine = new BareMachine();
        const ulong start = 0x10_0FFB;
        machine.Load(c =>
        {
            Iced.Intel.Label again = c.CreateLabel();
            c.Label(ref again);
            c.mov(rax, 0x1122334455667788);
            c.jmp(again);
        }, at: start);
        VcpuState after = machine.Run(machine.LongMode(rip: start), out _, 100);
        Assert.Equal(0x1122334455667788ul, after.Gpr[0]);
        Assert.Equal(start, after.Rip);
    }

    [Fact]
    public void Kick_FromAnotherThread_EndsAJumpToItself()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Iced.Intel.Label again = c.CreateLabel();
            c.Label(ref again);
            c.jmp(again);
        });
        machine.Vcpu.WriteState(machine.LongMode());
        VcpuExit exit = default;
        var thread = new Thread(() => exit = machine.Vcpu.Run(RunBudget.Unlimited));
        thread.Start();
        while (machine.Vcpu.Retired < 1000) Thread.Yield();
        machine.Vcpu.Kick();
        thread.Join();
        Assert.Equal(VcpuExitReason.Kicked, exit.Reason);
    }

    [Fact]
    public void Kick_BeforeRun_IsRemembered()
    {
        using var machine = new BareMachine();
        machine.Vcpu.Kick();
        machine.Run(machine.LongMode(), out VcpuExit exit, 5);
        Assert.Equal(VcpuExitReason.Kicked, exit.Reason);
    }
}
