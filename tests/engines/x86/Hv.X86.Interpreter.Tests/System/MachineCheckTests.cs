using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter.Tests;

/// <summary>The registers that CPUID's MCA bit promises: what Linux, BSD and Windows do with them at
/// start-up.</summary>
public sealed class MachineCheckTests
{
    private const ulong Banks = 4;

    /// <summary>Writes, reads back, halts.</summary>
    private static VcpuState WriteAndRead(SystemWorld world, uint msr, ulong value)
    {
        VcpuState state = world.Long();
        state.Gpr[0] = (uint)value;
        state.Gpr[1] = msr;
        state.Gpr[2] = value >> 32;
        return world.Run(state, 64, a =>
        {
            a.wrmsr();
            a.rdmsr();
            a.hlt();
        });
    }

    public static TheoryData<uint, ulong> Kept() => new()
    {
        { Msr.McgStatus, 7 },
        { Msr.McgControl, ulong.MaxValue },
        { Msr.Mc0Control, ulong.MaxValue },
        { Msr.Mc0Control + 12, 0x8000_0000_0000_0001 },
        { Msr.Mc0Control + 1, 0 },
        { Msr.Mc0Control + 2, 0 },
        { Msr.Mc0Control + 15, 0 },
    };

    [Theory]
    [MemberData(nameof(Kept))]
    public void Wrmsr_AllowedValue_ReadsBackAndIsSaved(uint msr, ulong value)
    {
        using SystemWorld world = new();
        VcpuState after = WriteAndRead(world, msr, value);
        Assert.Equal((SystemWorld.Code + 5, value), (after.Rip, after.Gpr[2] << 32 | after.Gpr[0]));
        // Into another vCPU and out again.
        using SystemWorld other = new();
        other.Machine.Vcpu.WriteState(after);
        VcpuState moved = default;
        other.Machine.Vcpu.ReadState(ref moved);
        Assert.Equal((after.McgStatus, after.McgControl, after.MciControl[0], after.MciControl[3]),
            (moved.McgStatus, moved.McgControl, moved.MciControl[0], moved.MciControl[3]));
    }

    [Theory]
    [InlineData(Msr.McgCapabilities, 0x104ul)]
    [InlineData(Msr.McgStatus, 8ul)]
    [InlineData(Msr.Mc0Control + 1, 1ul)]
    [InlineData(Msr.Mc0Control + 2, 1ul)]
    [InlineData(Msr.Mc0Control + 3, 1ul)]
    [InlineData(Msr.Mc0Control + 16, 0ul)]
    public void Wrmsr_ForbiddenValueOrRegister_IsGeneralProtection(uint msr, ulong value)
    {
        using SystemWorld world = new();
        Assert.Equal(Fault.Gp, SystemWorld.Vector(WriteAndRead(world, msr, value)));
    }

    [Fact]
    public void EveryBankThatIsAnnounced_CanBeRead()
    {
        using SystemWorld world = new();
        for (uint msr = Msr.Mc0Control; msr < Msr.Mc0Control + Banks * 4; msr++)
        {
            VcpuState state = world.Long();
            state.Gpr[1] = msr;
            Assert.Equal(0ul, world.Run(state, 64, a => { a.rdmsr(); a.hlt(); }).Gpr[0]);
        }
        VcpuState beyond = world.Long();
        beyond.Gpr[1] = Msr.Mc0Control + Banks * 4;
        Assert.Equal(Fault.Gp, SystemWorld.Vector(world.Run(beyond, 64, a => a.rdmsr())));
    }
}
