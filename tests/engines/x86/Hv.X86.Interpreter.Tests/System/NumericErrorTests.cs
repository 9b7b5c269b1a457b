using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>x87 exceptions with CR0.NE clear: FERR#, IGNNE#, and the instruction that waits (SDM vol. 1,
/// 8.7.2).</summary>
public sealed class NumericErrorTests
{
    private const byte Irq13 = 0x75;

    /// <summary>Divides by zero unmasked, then waits with FWAIT.</summary>
    private static void DivideByZero(Iced.Intel.Assembler a)
    {
        a.fninit();
        a.mov(__word_ptr[0x500], 0x37B);
        a.fldcw(__word_ptr[0x500]);
        a.fld1();
        a.fldz();
        a.fdivp(st1, st0);
        a.mov(eax, 1);
        a.wait();
        a.mov(eax, 2);
        a.hlt();
    }

    private static VcpuState WithoutNe(SystemWorld world)
    {
        VcpuState state = world.Protected();
        state.Cr0 &= ~Cr0.Ne;
        return state;
    }

    [Fact]
    public void PendingException_WithNe_IsMathFault()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Protected(), 32, DivideByZero);
        Assert.Equal(Fault.Mf, SystemWorld.Vector(after));
        Assert.False(world.Machine.HasNumericError);
    }

    [Fact]
    public void PendingException_WithoutNe_AssertsFerrAndHoldsTheNextWaitingInstruction()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(WithoutNe(world), 32, DivideByZero);
        Assert.Equal((VcpuExitReason.Halt, 1ul, VcpuActivity.Running), (world.LastExit, after.Gpr[0], after.Activity));
        Assert.True(world.Machine.HasNumericError);
        // It still waits when it is looked at again, and nothing retires meanwhile.
        VcpuExit again = world.Machine.Vcpu.Run(RunBudget.Unlimited);
        Assert.Equal((VcpuExitReason.Halt, after.Retired), (again.Reason, world.Machine.Vcpu.Retired));
    }

    [Fact]
    public void Interrupt_WhileAnInstructionWaits_IsTakenAndReturnsToIt()
    {
        using SystemWorld world = new();
        VcpuState state = WithoutNe(world);
        state.Rflags |= Rflags.If;
        world.Machine.OnNumericError = isAsserted =>
        {
            if (!isAsserted) return;
            world.Machine.Apic.Vector = Irq13;
            world.Machine.Apic.Pending = VcpuSignals.Interrupt;
            world.Machine.Vcpu.Notify();
        };
        // The handler clears the exception and returns.
        world.Machine.Load(a =>
        {
            a.fnclex();
            a.iretd();
        }, 32, SystemWorld.Handlers + Irq13 * 16);
        VcpuState after = world.Run(state, 32, DivideByZero);
        Assert.Equal((VcpuExitReason.Halt, 2ul, VcpuActivity.Halted), (world.LastExit, after.Gpr[0], after.Activity));
        Assert.False(world.Machine.HasNumericError);
    }

    [Fact]
    public void Interrupt_Masked_DoesNotEndTheWait()
    {
        using SystemWorld world = new();
        VcpuState state = WithoutNe(world);
        world.Machine.Apic.Pending = VcpuSignals.Interrupt;
        VcpuState after = world.Run(state, 32, DivideByZero);
        Assert.Equal((VcpuExitReason.Halt, 1ul), (world.LastExit, after.Gpr[0]));
    }

    [Fact]
    public void IgnneAsserted_TheInstructionGoesOn()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(WithoutNe(world), 32, DivideByZero);
        Assert.Equal(1ul, after.Gpr[0]);
        world.Machine.Partition.SetPins(ProcessorPins.IgnoreNumericError);
        _ = world.Machine.Vcpu.Run(RunBudget.Unlimited);
        world.Machine.Vcpu.ReadState(ref after);
        Assert.Equal((2ul, VcpuActivity.Halted), (after.Gpr[0], after.Activity));
        Assert.True(world.Machine.HasNumericError);
    }

    [Theory]
    [InlineData("fnclex")]
    [InlineData("fninit")]
    [InlineData("fnstenv")]
    [InlineData("fnsave")]
    [InlineData("fxrstor")]
    [InlineData("cr0")]
    public void Ferr_Falls_WhenTheExceptionOrItsMaskGoes(string how)
    {
        using SystemWorld world = new();
        world.Machine.Ram.Slice(0x600, 512).Clear();
        world.SetWord(0x600, 0x37F);
        world.SetDword(0x618, 0x1F80);
        List<bool> seen = [];
        world.Machine.OnNumericError = seen.Add;
        _ = world.Run(WithoutNe(world), 32, a =>
        {
            a.fninit();
            a.mov(__word_ptr[0x500], 0x37B);
            a.fldcw(__word_ptr[0x500]);
            a.fld1();
            a.fldz();
            a.fdivp(st1, st0);
            switch (how)
            {
                case "fnclex": a.fnclex(); break;
                case "fninit": a.fninit(); break;
                case "fnstenv": a.fnstenv(__dword_ptr[0x900]); break;
                case "fnsave": a.fnsave(__dword_ptr[0x900]); break;
                case "fxrstor": a.fxrstor(__[0x600]); break;
                default:
                    a.mov(eax, cr0);
                    a.or(eax, (int)Cr0.Ne);
                    a.mov(cr0, eax);
                    break;
            }
            a.hlt();
        });
        Assert.Equal([true, false], seen);
    }

    [Fact]
    public void Ferr_FollowsAStateThatIsWritten()
    {
        using SystemWorld world = new();
        VcpuState pending = world.Run(WithoutNe(world), 32, DivideByZero);
        world.Machine.Vcpu.WriteState(world.Protected());
        Assert.False(world.Machine.HasNumericError);
        world.Machine.Vcpu.WriteState(pending);
        Assert.True(world.Machine.HasNumericError);
    }
}
