using Hv.Sdk.Engines;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Whatever the guest executes, Run comes back: within its budget, or when it is kicked.</summary>
public sealed class HostileGuestTests
{
    private const ulong Budget = 3000;

    [Theory]
    [InlineData(16, 20)]
    [InlineData(32, 20)]
    [InlineData(64, 20)]
    public void RandomBytes_AsCodeAndDataAndTables_RunStaysInItsBudget(int bitness, int seeds) => RunRandomBytes(bitness, seeds);

    [Theory]
    [Trait("tier", "nightly")]
    [InlineData(16, 1000)]
    [InlineData(32, 1000)]
    [InlineData(64, 1000)]
    public void RandomBytesManyTimes_RunStaysInItsBudget(int bitness, int seeds) => RunRandomBytes(bitness, seeds);

    private static void RunRandomBytes(int bitness, int seeds)
    {
        using var machine = new BareMachine();
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed * 64 + bitness);
            random.NextBytes(machine.Ram[..0x40_0000]);
            machine.SetMap();
            VcpuState state = bitness == 64 ? machine.LongMode() : bitness == 32 ? machine.ProtectedMode() : machine.RealMode();
            for (int i = 0; i < 16; i++) state.Gpr[i] = (ulong)random.NextInt64() >> random.Next(64);
            state.Gpr[4] = bitness == 16 ? 0x7000 : BareMachine.StackTop;
            RunToTheEnd(machine, state, seed);
        }
    }

    /// <summary>Valid instructions at random reach further than random bytes, most of which soon are undefined.</summary>
    [Theory]
    [InlineData(16, 15)]
    [InlineData(32, 15)]
    [InlineData(64, 15)]
    public void RandomValidInstructions_RunStaysInItsBudget(int bitness, int seeds) => RunRandomInstructions(bitness, seeds);

    [Theory]
    [Trait("tier", "nightly")]
    [InlineData(16, 1000)]
    [InlineData(32, 1000)]
    [InlineData(64, 1000)]
    public void RandomValidInstructionsManyTimes_RunStaysInItsBudget(int bitness, int seeds) => RunRandomInstructions(bitness, seeds);

    private static void RunRandomInstructions(int bitness, int seeds)
    {
        using var machine = new BareMachine();
        var decoder = new byte[16];
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed * 64 + bitness + 1);
            random.NextBytes(machine.Ram[..0x40_0000]);
            int at = bitness == 16 ? (int)BareMachine.RealCodeBase : (int)BareMachine.CodeBase;
            for (int n = 0; n < 400; n++)
            {
                int length = NextInstruction(random, bitness, decoder);
                decoder.AsSpan(0, length).CopyTo(machine.Ram[at..]);
                at += length;
            }
            machine.SetMap();
            VcpuState state = bitness == 64 ? machine.LongMode() : bitness == 32 ? machine.ProtectedMode() : machine.RealMode();
            for (int i = 0; i < 16; i++) state.Gpr[i] = (uint)random.Next(0x40_0000);
            state.Rflags = random.Next(4) == 0 ? 0x102u : 2u;
            RunToTheEnd(machine, state, seed);
        }
    }

    [Fact]
    public void JumpsBetweenTwoPages_HonourKick()
    {
        using var machine = new BareMachine();
        machine.Load(c => c.jmp(BareMachine.CodeBase + 0x3000));
        machine.Load(c => c.jmp(BareMachine.CodeBase), at: BareMachine.CodeBase + 0x3000);
        RunUntilKicked(machine, machine.LongMode());
    }

    [Fact]
    public void PageFaultLoop_HonoursKick()
    {
        using var machine = new BareMachine();
        // The handler of #PF is the faulting instruction itself, so the stack fills, and its faults are delivered again.
        const ulong idt = 0x3_0000, gdt = 0x3_8000;
        machine.Load(c =>
        {
            c.mov(rsp, BareMachine.StackTop);
            c.mov(rax, __qword_ptr[0x7000_0000_0000]);
        });
        machine.SetQword(gdt + 8, 0x00AF_9B00_0000_FFFF);
        machine.SetQword(idt + 14 * 16, (BareMachine.CodeBase & 0xFFFF) | 8 << 16 | 0x8E00ul << 32 | (BareMachine.CodeBase >> 16) << 48);
        VcpuState state = machine.LongMode();
        state.Gdtr = new TableState { Base = gdt, Limit = 0xFF };
        state.Idtr = new TableState { Base = idt, Limit = 0xFFF };
        RunUntilKicked(machine, state);
    }

    [Fact]
    public void FaultWithoutTables_IsATripleFault()
    {
        using var machine = new BareMachine();
        machine.Load(c => c.ud2());
        machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.TripleFault, exit.Reason);
    }

    private static void RunToTheEnd(BareMachine machine, in VcpuState state, int seed)
    {
        machine.Vcpu.WriteState(state);
        ulong before = machine.Vcpu.Retired;
        // Kicks come from the bus, so that a REP with a huge count on devices ends too.
        int accesses = 0;
        machine.Bus.OnAccess = () =>
        {
            if (++accesses % 10_000 == 0) machine.Vcpu.Kick();
        };
        machine.Bus.Reads.Clear();
        machine.Bus.Writes.Clear();
        machine.Bus.PortWrites.Clear();
        using var watchdog = new Timer(_ => machine.Vcpu.Kick(), null, 2000, 2000);
        for (int i = 0; i < 3; i++)
        {
            VcpuExit exit = machine.Vcpu.Run(new RunBudget { Instructions = Budget });
            Assert.True(machine.Vcpu.Retired - before <= Budget * (ulong)(i + 1), $"seed {seed}: {machine.Vcpu.Retired - before} retired");
            Assert.NotEqual(VcpuExitReason.Failure, exit.Reason);
        }
    }

    private static void RunUntilKicked(BareMachine machine, in VcpuState state)
    {
        machine.Vcpu.WriteState(state);
        VcpuExit exit = default;
        var thread = new Thread(() => exit = machine.Vcpu.Run(RunBudget.Unlimited));
        thread.Start();
        while (machine.Vcpu.Retired < 1000) Thread.Yield();
        machine.Vcpu.Kick();
        thread.Join();
        Assert.Equal(VcpuExitReason.Kicked, exit.Reason);
    }

    private static int NextInstruction(Random random, int bitness, byte[] to)
    {
        while (true)
        {
            random.NextBytes(to);
            var decoder = Decoder.Create(bitness, to);
            decoder.Decode(out Instruction instruction);
            // What stops a run at once would hide the rest.
            if (!instruction.IsInvalid && instruction.Mnemonic is not (Mnemonic.Hlt or Mnemonic.Ud2 or Mnemonic.Int or Mnemonic.Int3 or Mnemonic.Int1)
                && instruction.FlowControl is FlowControl.Next or FlowControl.ConditionalBranch) return instruction.Length;
        }
    }
}
