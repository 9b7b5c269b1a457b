using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Code and tables where there is neither RAM nor ROM, but a device or nothing.</summary>
public sealed class OutsideCodeTests
{
    private const ulong Device = 0x8000_0000;

    private static Func<ulong, byte> Program(Action<Iced.Intel.Assembler> program)
    {
        var assembler = new Iced.Intel.Assembler(64);
        program(assembler);
        using var bytes = new MemoryStream();
        assembler.Assemble(new Iced.Intel.StreamCodeWriter(bytes), Device);
        byte[] code = bytes.ToArray();
        return at => at - Device < (ulong)code.Length ? code[at - Device] : (byte)0xFF;
    }

    [Fact]
    public void UnclaimedBus_ReadsAsOnes_WhichIsUndefined()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Long(), 64, a => a.jmp(Device));
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        Assert.Equal(Device, world.Qword(after.Gpr[4]));
        Assert.Equal([(Device, 1), (Device + 1, 1)], world.Machine.Bus.Reads);
    }

    [Fact]
    public void DeviceWithCode_IsExecuted_ByteByByteAndEachTimeAnew()
    {
        using BareMachine machine = new();
        machine.Bus.Contents = Program(a =>
        {
            Iced.Intel.Label again = a.CreateLabel();
            a.mov(ecx, 3);
            a.Label(ref again);
            a.dec(ecx);
            a.jne(again);
            a.hlt();
        });
        machine.Load(a => a.jmp(Device));
        VcpuState after = machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal((VcpuExitReason.Halt, Device + 10, 0ul), (exit.Reason, after.Rip, after.Gpr[1]));
        // jmp, mov, three times dec and jne, hlt.
        Assert.Equal(9ul, after.Retired);
        Assert.Equal(5 + 3 * 4 + 1, machine.Bus.Reads.Count);
        Assert.All(machine.Bus.Reads, r => Assert.Equal(1, r.Size));
    }

    [Fact]
    public void DeviceWithCode_JumpsToMemoryAndBack_NothingIsKeptOfIt()
    {
        using BareMachine machine = new();
        int calls = 0;
        machine.Load(a =>
        {
            a.inc(ebx);
            a.jmp(Device);
        });
        // The device shows a jump to memory three times, then a halt.
        Func<ulong, byte> jump = Program(a => a.jmp(BareMachine.CodeBase)), halt = Program(a => a.hlt());
        machine.Bus.Contents = at =>
        {
            if (at == Device) calls++;
            return calls <= 3 ? jump(at) : halt(at);
        };
        VcpuState state = machine.LongMode();
        VcpuState after = machine.Run(state, out VcpuExit exit);
        Assert.Equal((VcpuExitReason.Halt, 4ul, 4), (exit.Reason, after.Gpr[3], calls));
    }

    [Fact]
    public void Instruction_ThatBeginsInMemory_EndsOutside()
    {
        using BareMachine machine = new();
        ulong end = (ulong)machine.RamBytes;
        machine.Ram[^1] = 0xB8; // mov eax, imm32
        machine.Bus.Answer = 0xF4;
        VcpuState after = machine.Run(machine.LongMode(rip: end - 1), out VcpuExit exit);
        Assert.Equal((VcpuExitReason.Halt, 0xF4F4_F4F4ul, end + 5), (exit.Reason, after.Gpr[0], after.Rip));
        Assert.Equal(5, machine.Bus.Reads.Count);
    }

    [Fact]
    public void EndlessPrefixes_AreGeneralProtectionAfterABoundedNumberOfReads()
    {
        using SystemWorld world = new();
        world.Machine.Bus.Answer = 0x66;
        VcpuState after = world.Run(world.Long(), 64, a => a.jmp(Device));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.InRange(world.Machine.Bus.Reads.Count, 15, 16);
    }

    [Fact]
    public void PostponedFetch_IsRepeated()
    {
        using BareMachine machine = new();
        machine.Bus.Answer = 0xF4;
        machine.Bus.DeferReads = 2;
        machine.Load(a => a.jmp(Device));
        VcpuState after = machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal((VcpuExitReason.Deferred, Device, 1ul), (exit.Reason, after.Rip, after.Retired));
        Assert.Equal(VcpuExitReason.Deferred, machine.Vcpu.Run(RunBudget.Unlimited).Reason);
        Assert.Equal(VcpuExitReason.Halt, machine.Vcpu.Run(RunBudget.Unlimited).Reason);
        Assert.Equal(2ul, machine.Vcpu.Retired);
    }

    [Theory]
    [InlineData("interrupt")]
    [InlineData("software")]
    [InlineData("fault")]
    public void PostponedReadOfTheIdt_TheDeliveryIsRepeated(string kind)
    {
        const int external = 0x40, software = 0x41;
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Rflags |= Rflags.If;
        // The table lies in a device that answers the second time it is asked.
        byte[] table = world.Machine.Ram.Slice((int)SystemWorld.Idt, 0x1000).ToArray();
        state.Idtr.Base = Device;
        world.Machine.Bus.Contents = at => table[at - Device];
        world.Machine.Bus.DeferReads = 1;
        if (kind == "interrupt")
        {
            world.Machine.Apic.Vector = external;
            world.Machine.Apic.Pending = VcpuSignals.Interrupt;
        }
        VcpuState waiting = world.Run(state, 64, a =>
        {
            if (kind == "software") a.@int(software);
            else a.ud2();
        });
        Assert.Equal((VcpuExitReason.Deferred, SystemWorld.Code), (world.LastExit, waiting.Rip));
        Assert.Equal(kind == "software" ? 0 : 1, waiting.EventPending);
        // As it is saved and restored meanwhile.
        world.Machine.Vcpu.WriteState(waiting);
        VcpuExit exit = world.Machine.Vcpu.Run(RunBudget.Unlimited);
        VcpuState after = default;
        world.Machine.Vcpu.ReadState(ref after);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        int expected = kind switch { "interrupt" => external, "software" => software, _ => Fault.Ud };
        Assert.Equal(expected, SystemWorld.Vector(after));
        Assert.Equal(kind == "software" ? SystemWorld.Code + 2 : SystemWorld.Code, world.Qword(after.Gpr[4]));
    }
}
