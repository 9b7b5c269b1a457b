using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>FXSAVE and the XSAVE family: layouts, initial states, refused headers (SDM vol. 1, 10.5 and 13.7 to 13.10).</summary>
public sealed class ExtendedStateTests
{
    private const ulong Area = 0xA000;

    /// <summary>64-bit mode with all of XCR0 on, and every component away from its initial state.</summary>
    private static VcpuState Busy(SystemWorld world)
    {
        VcpuState state = world.Long();
        state.Cr4 |= Cr4.Osxsave | Cr4.Osfxsr | Cr4.Pke;
        state.Xcr0 = Xcr0.X87 | Xcr0.Sse | Xcr0.Avx | Xcr0.Pkru;
        Span<byte> area = state.Xsave;
        for (int i = 0; i < 8; i++) area.Slice(32 + i * 16, 10).Fill((byte)(0x10 + i));
        for (int i = 0; i < 16; i++)
        {
            area.Slice(160 + i * 16, 16).Fill((byte)(0x40 + i));
            area.Slice(XsaveLayout.YmmHigh + i * 16, 16).Fill((byte)(0x80 + i));
        }
        BitConverter.TryWriteBytes(area, (ushort)0x27F);
        BitConverter.TryWriteBytes(area[2..], (ushort)(3 << 11));
        area[4] = 0xF7;
        BitConverter.TryWriteBytes(area[8..], 0x1234_5678_9ABCul);
        BitConverter.TryWriteBytes(area[24..], 0x1F81u);
        BitConverter.TryWriteBytes(area[XsaveLayout.Pkru..], 0x5555_5554u);
        state.Gpr[0] = state.Gpr[2] = uint.MaxValue;
        return state;
    }

    private static ReadOnlySpan<byte> At(SystemWorld world, int offset, int length) => world.Machine.Ram.Slice((int)Area + offset, length);

    [Fact]
    public void Fxsave64_WritesTheLegacyLayout()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        world.Machine.Ram.Slice((int)Area, 1024).Fill(0xEE);
        world.Run(state, 64, a => { a.fxsave64(__[Area]); a.hlt(); });
        Span<byte> expected = state.Xsave;
        Assert.Equal(expected[..5].ToArray(), At(world, 0, 5).ToArray());
        Assert.Equal(0x1234_5678_9ABCul, world.Qword(Area + 8));
        Assert.Equal(0x1F81u, world.Dword(Area + 24));
        Assert.Equal(0xFFFFu, world.Dword(Area + 28));
        Assert.Equal(expected.Slice(160, 256).ToArray(), At(world, 160, 256).ToArray());
        for (int i = 0; i < 8; i++) Assert.Equal((byte)(0x10 + i), At(world, 32 + i * 16, 10).ToArray().Distinct().Single());
        // The last 96 bytes are software's.
        Assert.Equal(0xEEEE_EEEE_EEEE_EEEEul, world.Qword(Area + 416));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void SaveAndRestore_OfEachKind_BringEverythingBack(int kind)
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        VcpuState after = world.Run(state, 64, a =>
        {
            if (kind == 0) a.xsave64(__[Area]);
            else if (kind == 1) a.xsaveopt64(__[Area]);
            else a.xsavec64(__[Area]);
            a.fninit();
            a.db(0xC5, 0xFC, 0x77);
            a.mov(ecx, 0);
            a.mov(rdx, 0);
            a.mov(rax, 0);
            a.wrpkru();
            a.mov(rax, -1);
            a.mov(rdx, -1);
            a.xrstor64(__[Area]);
            a.hlt();
        });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Span<byte> expected = state.Xsave, actual = after.Xsave;
        Assert.Equal(expected[..6].ToArray(), actual[..6].ToArray());
        Assert.Equal(expected.Slice(24, 4).ToArray(), actual.Slice(24, 4).ToArray());
        Assert.Equal(expected.Slice(160, 256).ToArray(), actual.Slice(160, 256).ToArray());
        Assert.Equal(expected.Slice(XsaveLayout.YmmHigh, 256).ToArray(), actual.Slice(XsaveLayout.YmmHigh, 256).ToArray());
        Assert.Equal(expected.Slice(XsaveLayout.Pkru, 4).ToArray(), actual.Slice(XsaveLayout.Pkru, 4).ToArray());
        Assert.Equal(0x207ul, world.Qword(Area + 512));
        Assert.Equal(kind == 2 ? 1UL << 63 | 0x207 : 0, world.Qword(Area + 520));
        // Compacted: PKRU follows the YMM halves directly.
        Assert.Equal(0x5555_5554u, world.Dword(Area + (kind == 2 ? 832u : (uint)XsaveLayout.Pkru)));
    }

    [Fact]
    public void Xsaveopt_InitialComponents_AreLeftOut()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        Span<byte> area = state.Xsave;
        area.Slice(XsaveLayout.YmmHigh, 256).Clear();
        world.Machine.Ram.Slice((int)Area + XsaveLayout.YmmHigh, 256).Fill(0xEE);
        world.Run(state, 64, a => { a.xsaveopt64(__[Area]); a.hlt(); });
        Assert.Equal(0x203ul, world.Qword(Area + 512));
        Assert.Equal(0xEEEE_EEEE_EEEE_EEEEul, world.Qword(Area + (ulong)XsaveLayout.YmmHigh));
    }

    [Fact]
    public void Xsave_PartOfTheComponents_KeepsTheOthersBits()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        state.Gpr[0] = Xcr0.Sse;
        state.Gpr[2] = 0;
        world.Machine.SetQword(Area + 512, 5);
        world.Run(state, 64, a => { a.xsave64(__[Area]); a.hlt(); });
        Assert.Equal(7ul, world.Qword(Area + 512));
        Assert.Equal(0ul, world.Qword(Area + 32));
    }

    [Fact]
    public void Xrstor_ComponentsNotPresent_GoToTheirInitialState()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        world.SetDword(Area + 24, 0x1F80);
        VcpuState after = world.Run(state, 64, a => { a.xrstor64(__[Area]); a.hlt(); });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Span<byte> area = after.Xsave;
        Assert.Equal(0x37F, BitConverter.ToUInt16(area));
        Assert.Equal(0, area[4]);
        Assert.Equal(new byte[256], area.Slice(160, 256).ToArray());
        Assert.Equal(new byte[256], area.Slice(XsaveLayout.YmmHigh, 256).ToArray());
        Assert.Equal(0u, BitConverter.ToUInt32(area[XsaveLayout.Pkru..]));
    }

    [Theory]
    [InlineData(0, 0x1_0000ul, 24)]
    [InlineData(0, 0x20ul, 512)]
    [InlineData(0, 1ul, 520)]
    [InlineData(0, 1ul, 528)]
    [InlineData(8, 0ul, 0)]
    public void Xrstor_BadAreas_AreGeneralProtection(int misalignment, ulong value, int at)
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        world.Machine.SetQword(Area + (ulong)at, value);
        VcpuState after = world.Run(state, 64, a => a.xrstor64(__[Area + (ulong)misalignment]));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
    }

    [Fact]
    public void Xsave_WithoutOsxsave_IsInvalidOpcode_WithTsNotAvailable()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        state.Cr4 &= ~Cr4.Osxsave;
        Assert.Equal(Fault.Ud, SystemWorld.Vector(world.Run(state, 64, a => a.xsave64(__[Area]))));
        state.Cr4 |= Cr4.Osxsave;
        state.Cr0 |= Cr0.Ts;
        Assert.Equal(Fault.Nm, SystemWorld.Vector(world.Run(state, 64, a => a.xsave64(__[Area]))));
        Assert.Equal(Fault.Nm, SystemWorld.Vector(world.Run(state, 64, a => a.fxsave64(__[Area]))));
    }

    [Fact]
    public void Xsave_AcrossAnUnmappedPage_FaultsBeforeItWrites()
    {
        using SystemWorld world = new();
        VcpuState state = Busy(world);
        const ulong area = 0x3FFF_FE00;
        // The first gigabyte ends with RAM nowhere; the second one is not mapped.
        world.Machine.SetQword(0x3008, 0);
        state.Gpr[6] = area;
        VcpuState after = world.Run(state, 64, a => a.xsave64(__[rsi]));
        Assert.Equal(Fault.Pf, SystemWorld.Vector(after));
        Assert.Equal(0x4000_0000ul, after.Cr2);
        Assert.Empty(world.Machine.Bus.Writes);
    }
}
