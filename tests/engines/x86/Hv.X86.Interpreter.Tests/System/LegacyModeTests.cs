using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Real mode, virtual-8086 mode and the way into protected and long mode (SDM vol. 3, chapters 10 and 20).</summary>
public sealed class LegacyModeTests
{
    private const uint VmImage = 0x20002;

    /// <summary>Ring 0 that returns to virtual-8086 code at 1000:0000.</summary>
    private static VcpuState ToVirtual8086(SystemWorld world, uint flags, Action<Iced.Intel.Assembler> program)
    {
        VcpuState state = world.Protected();
        state.Cr4 |= Cr4.Vme;
        ulong esp = SystemWorld.KernelStack - 0x200;
        uint[] frame = [0, 0x1000, flags, 0x800, 0x2000, 0x3333, 0x4444, 0x5555, 0x6666];
        for (int i = 0; i < frame.Length; i++) world.SetDword(esp + (ulong)i * 4, frame[i]);
        state.Gpr[4] = esp;
        // An I/O map base right behind 32 bytes of redirection bits, all ones: no redirection.
        world.SetWord(SystemWorld.Tss + 0x66, 0x88);
        world.Machine.Ram.Slice((int)SystemWorld.Tss + 0x68, 32).Fill(0xFF);
        world.Machine.Ram.Slice((int)SystemWorld.Tss + 0x88, 0x100).Fill(0xFF);
        state.Tr.Limit = 0x187;
        world.Machine.Load(program, 16, 0x1_0000, rip: 0);
        return state;
    }

    [Fact]
    public void Iret_ToVirtual8086_LoadsEverySegment_AndAFaultPushesThem()
    {
        using SystemWorld world = new();
        VcpuState state = ToVirtual8086(world, VmImage, a => a.hlt());
        VcpuState after = world.Run(state, 32, a => a.iretd());
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        ulong esp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 40, esp);
        uint[] expected = [0, 0, 0x1000, VmImage | 0x10000, 0x800, 0x2000, 0x3333, 0x4444, 0x5555, 0x6666];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], world.Dword(esp + (ulong)i * 4));
        Assert.Equal(0ul, after.Rflags & Rflags.Vm);
        Assert.Equal(0, after.Segments[3].Selector);
        Assert.NotEqual(0, after.Segments[3].Attributes & SegmentAttributes.Unusable);
    }

    [Fact]
    public void Virtual8086_Addresses_AreSegmentTimesSixteen()
    {
        using SystemWorld world = new();
        VcpuState state = ToVirtual8086(world, VmImage, a =>
        {
            a.mov(__word_ptr[0x10], ax);
            a.hlt();
        });
        state.Gpr[0] = 0xABCD;
        world.Run(state, 32, a => a.iretd());
        Assert.Equal(0xABCD, world.Word(0x4_4440 + 0x10));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 3)]
    public void Virtual8086_Cli_IsAllowedByIoplOrVme(bool iopl3, int expectedIopl)
    {
        using SystemWorld world = new();
        uint flags = VmImage | 0x200 | (iopl3 ? 0x3000u : 0) | (uint)Rflags.Vif;
        VcpuState state = ToVirtual8086(world, flags, a =>
        {
            a.cli();
            a.ud2();
        });
        VcpuState after = world.Run(state, 32, a => a.iretd());
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        uint image = world.Dword(after.Gpr[4] + 8);
        Assert.Equal((uint)expectedIopl, image >> 12 & 3);
        Assert.Equal(iopl3 ? 0ul : Rflags.If, image & Rflags.If);
        Assert.Equal(iopl3 ? Rflags.Vif : 0ul, image & Rflags.Vif);
    }

    [Fact]
    public void Virtual8086_RedirectedInt_GoesToTheProgramsTable()
    {
        using SystemWorld world = new();
        VcpuState state = ToVirtual8086(world, VmImage | 0x200 | (uint)Rflags.Vif, a => a.@int(0x21));
        world.Machine.Ram[(int)SystemWorld.Tss + 0x68 + 4] = 0xFD;
        world.SetWord(0x21 * 4, 0x0100);
        world.SetWord(0x21 * 4 + 2, 0x1000);
        world.Machine.Load(a => a.ud2(), 16, 0x1_0100);
        VcpuState after = world.Run(state, 32, a => a.iretd());
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        Assert.Equal(0x100u, world.Dword(after.Gpr[4]));
        uint image = world.Dword(after.Gpr[4] + 8);
        Assert.Equal(0ul, image & Rflags.Vif);
        Assert.Equal(Rflags.If, image & Rflags.If);
        // The program's frame: IP, CS, FLAGS with VIF as IF and IOPL 3.
        Assert.Equal(2, world.Word(0x2_0800 - 6));
        Assert.Equal(0x1000, world.Word(0x2_0800 - 4));
        Assert.Equal(0x3202, world.Word(0x2_0800 - 2));
    }

    [Fact]
    public void Virtual8086_IntNotRedirected_WithLowIopl_IsGeneralProtection()
    {
        using SystemWorld world = new();
        VcpuState state = ToVirtual8086(world, VmImage, a => a.@int(0x21));
        VcpuState after = world.Run(state, 32, a => a.iretd());
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(0u, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void RealMode_Int_GoesThroughTheVectorTable()
    {
        using SystemWorld world = new();
        VcpuState state = world.Machine.RealMode();
        state.Idtr = new TableState { Limit = 0x3FF };
        state.Rflags |= Rflags.If;
        world.SetWord(0x10 * 4, 0x20);
        world.SetWord(0x10 * 4 + 2, 0x900);
        world.Machine.Ram[0x9020] = 0xF4;
        world.Machine.Load(a => a.@int(0x10), 16, BareMachine.RealCodeBase);
        VcpuState after = world.Machine.Run(state, out _);
        Assert.Equal(0x21ul, after.Rip);
        Assert.Equal(0x900, after.Segments[1].Selector);
        Assert.Equal(0x9000ul, after.Segments[1].Base);
        Assert.Equal(0x6FFAul, after.Gpr[4]);
        Assert.Equal((ushort)BareMachine.RealCodeBase + 2, world.Word(0x6FFA));
        Assert.Equal(0x202, world.Word(0x6FFE));
        Assert.Equal(0ul, after.Rflags & Rflags.If);
    }

    [Fact]
    public void RealMode_ToProtectedToLong_AsFirmwareDoes()
    {
        using SystemWorld world = new();
        VcpuState state = world.Machine.RealMode();
        world.Machine.LongMode();
        // 9000h: the GDT's pseudo-descriptor.
        world.SetWord(0x9000, 0xFF);
        world.SetDword(0x9002, (uint)SystemWorld.Gdt);
        world.Machine.Load(a =>
        {
            a.lgdt(__[0x9000]);
            a.mov(eax, cr0);
            a.or(eax, 1);
            a.mov(cr0, eax);
            a.db(0x66, 0xEA, 0x00, 0x00, 0x12, 0x00, 0x08, 0x00);
        }, 16, BareMachine.RealCodeBase);
        world.Machine.Load(a =>
        {
            a.mov(ax, SystemWorld.KernelData);
            a.mov(ss, eax);
            a.mov(ds, eax);
            a.mov(eax, 0x20);
            a.mov(cr4, eax);
            a.mov(eax, 0x2000);
            a.mov(cr3, eax);
            a.mov(ecx, 0xC000_0080);
            a.mov(eax, 0x100);
            a.mov(edx, 0);
            a.wrmsr();
            a.mov(eax, 0x8000_0011);
            a.mov(cr0, eax);
            a.jmp(SystemWorld.KernelCode64, 0x9100);
        }, 32, SystemWorld.Code2);
        world.Machine.Load(a =>
        {
            a.mov(rax, 0x1122_3344_5566_7788);
            a.hlt();
        }, 64, 0x9100);
        VcpuState after = world.Machine.Run(state, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0x1122_3344_5566_7788ul, after.Gpr[0]);
        Assert.Equal(Efer.Lme | Efer.Lma, after.Efer);
        Assert.Equal(SystemWorld.KernelCode64, after.Segments[1].Selector);
    }

    [Fact]
    public void RealMode_SegmentLoads_KeepTheLimit()
    {
        using SystemWorld world = new();
        VcpuState state = world.Machine.RealMode();
        state.Segments[0].Limit = uint.MaxValue;
        state.Gpr[0] = 0x1234;
        world.Machine.Load(a =>
        {
            a.mov(es, eax);
            a.hlt();
        }, 16, BareMachine.RealCodeBase);
        VcpuState after = world.Machine.Run(state, out _);
        Assert.Equal(0x12340ul, after.Segments[0].Base);
        Assert.Equal(uint.MaxValue, after.Segments[0].Limit);
    }
}
