using Hv.Sdk.Engines;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Repeated string and port instructions: results, faults in the middle, and that they can be stopped.</summary>
public sealed class StringTests
{
    private const ulong Data = 0x20_0000;

    private static VcpuState Run(BareMachine machine, Action<Assembler> program, out VcpuExit exit)
    {
        machine.Load(c =>
        {
            program(c);
            c.hlt();
        });
        return machine.Run(machine.LongMode(), out exit);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 3)]
    [InlineData(5000, 0)]
    [InlineData(9000, 4090)]
    [InlineData(20000, 1)]
    public void RepMovsb_AnyLengthAndAlignment_CopiesAndCountsOnce(int length, int offset)
    {
        using var machine = new BareMachine();
        Span<byte> source = machine.Ram.Slice((int)Data + offset, length);
        new Random(length).NextBytes(source);
        byte[] expected = source.ToArray();
        VcpuState after = Run(machine, c =>
        {
            c.mov(rsi, Data + (ulong)offset);
            c.mov(rdi, Data + 0x1_0007);
            c.mov(rcx, (ulong)length);
            c.rep.movsb();
        }, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(expected, machine.Ram.Slice((int)Data + 0x1_0007, length).ToArray());
        Assert.Equal(0, machine.Ram[(int)Data + 0x1_0007 + length]);
        Assert.Equal(0ul, after.Gpr[1]);
        Assert.Equal(Data + (ulong)(offset + length), after.Gpr[6]);
        Assert.Equal(5ul, machine.Vcpu.Retired);
    }

    [Fact]
    public void RepMovsb_OntoItsOwnSource_RepeatsThePattern()
    {
        using var machine = new BareMachine();
        machine.Ram[(int)Data] = 1;
        machine.Ram[(int)Data + 1] = 2;
        Run(machine, c =>
        {
            c.mov(rsi, Data);
            c.mov(rdi, Data + 2);
            c.mov(ecx, 6000);
            c.rep.movsb();
        }, out _);
        for (int i = 0; i < 6002; i++) Assert.Equal(1 + (i & 1), machine.Ram[(int)Data + i]);
    }

    [Fact]
    public void RepMovsq_Descending_Copies()
    {
        using var machine = new BareMachine();
        new Random(1).NextBytes(machine.Ram.Slice((int)Data, 8000));
        byte[] expected = machine.Ram.Slice((int)Data, 8000).ToArray();
        VcpuState after = Run(machine, c =>
        {
            c.std();
            c.mov(rsi, Data + 7992);
            c.mov(rdi, Data + 7992 + 16);
            c.mov(ecx, 1000);
            c.rep.movsq();
            c.cld();
        }, out _);
        Assert.Equal(expected, machine.Ram.Slice((int)Data + 16, 8000).ToArray());
        Assert.Equal(Data - 8, after.Gpr[6]);
    }

    [Fact]
    public void RepStosd_AcrossPages_Fills()
    {
        using var machine = new BareMachine();
        Run(machine, c =>
        {
            c.mov(eax, 0x11223344);
            c.mov(rdi, Data + 0xFFE);
            c.mov(ecx, 3000);
            c.rep.stosd();
        }, out _);
        for (ulong i = 0; i < 3000; i++) Assert.Equal(0x11223344u, (uint)machine.Qword(Data + 0xFFE + i * 4));
        Assert.Equal(0, machine.Ram[(int)Data + 0xFFD]);
        Assert.Equal(0, machine.Ram[(int)Data + 0xFFE + 12000]);
    }

    [Fact]
    public void RepneScasb_Found_StopsAfterIt()
    {
        using var machine = new BareMachine();
        machine.Ram.Slice((int)Data, 10_000).Fill(7);
        machine.Ram[(int)Data + 9000] = 0;
        VcpuState after = Run(machine, c =>
        {
            c.xor(eax, eax);
            c.mov(rdi, Data);
            c.mov(rcx, -1);
            c.repne.scasb();
        }, out _);
        Assert.Equal(Data + 9001, after.Gpr[7]);
        Assert.Equal(~9001ul, after.Gpr[1]);
        Assert.NotEqual(0ul, after.Rflags & 0x40);
    }

    [Fact]
    public void RepeCmpsb_Differs_StopsAfterItWithItsFlags()
    {
        using var machine = new BareMachine();
        machine.Ram[(int)Data + 5000] = 3;
        machine.Ram[(int)Data + 0x8000 + 5000] = 4;
        VcpuState after = Run(machine, c =>
        {
            c.mov(rsi, Data);
            c.mov(rdi, Data + 0x8000);
            c.mov(ecx, 6000);
            c.repe.cmpsb();
        }, out _);
        Assert.Equal(6000ul - 5001, after.Gpr[1]);
        Assert.NotEqual(0ul, after.Rflags & 1);
        Assert.Equal(0ul, after.Rflags & 0x40);
    }

    [Fact]
    public void RepMovsb_CountZero_TouchesNothing()
    {
        using var machine = new BareMachine();
        VcpuState after = Run(machine, c =>
        {
            c.xor(ecx, ecx);
            c.cmp(ecx, 1);
            c.mov(rsi, 0x1234_5678_9ABC_0000ul);
            c.mov(rdi, rsi);
            c.rep.movsb();
        }, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.NotEqual(0ul, after.Rflags & 1);
    }

    [Fact]
    public void RepLodsb_EndlessCount_HonoursKick()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            c.mov(rcx, -1);
            c.mov(esi, 0x4000_0000);
            // rep lodsb with an address-size prefix.
            c.db(0x67, 0xF3, 0xAC);
            c.hlt();
        });
        machine.Vcpu.WriteState(machine.LongMode());
        VcpuExit exit = default;
        ulong target = 0;
        // RSI stays below 4 GiB, all of which is mapped, and RCX is cut to ECX: 2^32 elements, most of them on the bus.
        machine.Bus.OnAccess = () =>
        {
            if (++target == 10_000) machine.Vcpu.Kick();
        };
        exit = machine.Vcpu.Run(RunBudget.Unlimited);
        Assert.Equal(VcpuExitReason.Kicked, exit.Reason);
        Assert.Equal(2ul, machine.Vcpu.Retired);
    }

    [Fact]
    public void RepOutsb_GivesEachByteToTheBus()
    {
        using var machine = new BareMachine();
        for (int i = 0; i < 20; i++) machine.Ram[(int)Data + i] = (byte)(i + 1);
        Run(machine, c =>
        {
            c.mov(rsi, Data);
            c.mov(edx, 0x3F8);
            c.mov(ecx, 20);
            c.rep.outsb();
        }, out _);
        Assert.Equal(Enumerable.Range(1, 20), machine.Bus.PortWrites.Select(w => (int)w.Value));
        Assert.All(machine.Bus.PortWrites, w => Assert.Equal(0x3F8, w.Port));
    }

    [Fact]
    public void RepInsw_Deferred_ContinuesWhereItWas()
    {
        using var machine = new BareMachine();
        machine.Bus.Answer = 0xBEEF;
        machine.Bus.DeferReads = 1;
        VcpuState after = Run(machine, c =>
        {
            c.mov(rdi, Data);
            c.mov(edx, 0x1F0);
            c.mov(ecx, 4);
            c.rep.insw();
        }, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Deferred, exit.Reason);
        Assert.Equal(4ul, after.Gpr[1]);
        Assert.Equal(3ul, after.Retired);
        Assert.Equal(VcpuExitReason.Halt, machine.Vcpu.Run(RunBudget.Unlimited).Reason);
        Assert.Equal(0xBEEF_BEEF_BEEF_BEEFul, machine.Qword(Data));
        Assert.Equal(0ul, machine.Qword(Data + 8));
        Assert.Equal([1, 2, 3, 4], machine.Bus.Commits);
    }
}
