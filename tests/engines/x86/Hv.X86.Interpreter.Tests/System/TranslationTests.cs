using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>What drops translations (SDM vol. 3, 4.10.4): the guest changes an entry and then says so.</summary>
public sealed class TranslationTests
{
    private const ulong Table = 0x20_0000, Window = 0x60_0000, OldPage = 0x70_0000, NewPage = 0x80_0000;

    /// <summary>Maps the 2 MiB at <see cref="Window"/> page by page, reads <paramref name="pages"/> of them, points the first one elsewhere,
    /// runs <paramref name="tell"/> and reads it again.</summary>
    private static ulong ReadAfterChange(Action<Assembler> tell, int pages, ulong cr4 = 0, ulong context = 0)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        const ulong directory = 0x4000;
        world.Machine.SetQword(directory + (Window >> 21) * 8, Table | 7);
        for (ulong i = 0; i < 512; i++) world.Machine.SetQword(Table + i * 8, (OldPage + i * 0x1000) | 7);
        world.Machine.SetQword(OldPage, 0x01D);
        world.Machine.SetQword(NewPage, 0x2E3);
        state.Cr4 |= cr4;
        state.Cr3 |= context;
        VcpuState after = world.Run(state, 64, a =>
        {
            Label again = a.CreateLabel();
            a.mov(rsi, Window);
            a.mov(ecx, pages);
            a.Label(ref again);
            a.mov(rax, __qword_ptr[rsi]);
            a.mov(__qword_ptr[rsi + 8], rax);
            a.add(rsi, 0x1000);
            a.dec(ecx);
            a.jne(again);
            a.mov(rdi, Table);
            a.mov(rax, NewPage | 7);
            a.mov(__qword_ptr[rdi], rax);
            a.mov(rsi, Window);
            tell(a);
            a.mov(rbx, __qword_ptr[rsi]);
            a.hlt();
        });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        return after.Gpr[3];
    }

    private static void ReloadCr3(Assembler a)
    {
        a.mov(rax, cr3);
        a.mov(cr3, rax);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(510)]
    public void MovToCr3_DropsEverything_HoweverMuchThereIs(int pages) => Assert.Equal(0x2E3ul, ReadAfterChange(ReloadCr3, pages));

    [Fact]
    public void Invlpg_DropsThePage() => Assert.Equal(0x2E3ul, ReadAfterChange(a => a.invlpg(__[rsi]), 8));

    /// <summary>INVLPG anywhere in a large page drops all of it (SDM vol. 3, 4.10.4.1).</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(30)]
    public void Invlpg_InALargePage_DropsAllOfIt(int shift)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        ulong window = 2ul << 30;
        ulong entryAt = shift == 30 ? 0x3010ul : 0x6000;
        world.Machine.SetQword(entryAt, 0x87);
        world.Machine.SetQword(0x20_1000, 0x01D);
        world.Machine.SetQword(0x1000, 0x2E3);
        VcpuState after = world.Run(state, 64, a =>
        {
            a.mov(rsi, window + 0x1000);
            a.mov(rax, __qword_ptr[rsi]);
            a.mov(rdi, entryAt);
            a.mov(rax, 0x20_0000ul | 0x87);
            if (shift == 30)
            {
                // A gigabyte that starts elsewhere cannot lie in this machine's RAM: go over to 2 MiB pages instead.
                a.mov(rax, 0x6000ul | 7);
                a.mov(rcx, 0x6000);
                a.mov(rdx, 0x20_0000ul | 0x87);
                a.mov(__qword_ptr[rcx], rdx);
            }
            a.mov(__qword_ptr[rdi], rax);
            a.invlpg(__[rsi + 0x5000]);
            a.mov(rbx, __qword_ptr[rsi]);
            a.hlt();
        });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Assert.Equal(0x01Dul, after.Gpr[3]);
    }

    [Fact]
    public void ToggleOfPge_DropsEverything() => Assert.Equal(0x2E3ul, ReadAfterChange(a =>
    {
        a.mov(rax, cr4);
        a.xor(rax, (int)Cr4.Pge);
        a.mov(cr4, rax);
    }, 8));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void Invpcid_EachKind_Drops(int kind, int context)
    {
        ulong pcid = kind == 0 ? 5ul : (ulong)context;
        Assert.Equal(0x2E3ul, ReadAfterChange(a =>
        {
            a.mov(rax, pcid);
            a.mov(__qword_ptr[0x9000], rax);
            a.mov(__qword_ptr[0x9008], rsi);
            a.mov(rax, (ulong)kind);
            a.invpcid(rax, __xmmword_ptr[0x9000]);
        }, 8, Cr4.Pcide, context: 5));
    }

    [Fact]
    public void Invpcid_UnknownKind_IsGeneralProtection()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[0] = 4;
        Assert.Equal(Fault.Gp, SystemWorld.Vector(world.Run(state, 64, a => a.invpcid(rax, __xmmword_ptr[0x9000]))));
    }

    [Fact]
    public void Stac_LetsSupervisorsReachUserPages_ClacTakesItBack()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Cr4 |= Cr4.Smap;
        // The code, the tables, the GDT and the handlers must be supervisor pages: the first 2 MiB are, the second are the user's.
        world.Machine.SetQword(0x4000, 0x83);
        world.Machine.SetQword(0x20_0000, 0xAB);
        VcpuState after = world.Run(state, 64, a =>
        {
            a.stac();
            a.mov(rbx, __qword_ptr[0x20_0000]);
            a.clac();
            a.mov(rcx, __qword_ptr[0x20_0000]);
        });
        Assert.Equal(Fault.Pf, SystemWorld.Vector(after));
        Assert.Equal(0xABul, after.Gpr[3]);
        Assert.Equal(1ul, world.Qword(after.Gpr[4]));
    }

    [Fact]
    public void Wrpkru_TakesEffectAtOnce()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        state.Cr4 |= Cr4.Pke;
        state.Gpr[1] = state.Gpr[2] = 0;
        world.Machine.SetQword(0x4000 + 8, world.Qword(0x4000 + 8) | 1UL << PageEntry.KeyShift);
        VcpuState after = world.Run(state, 64, a =>
        {
            a.mov(rbx, __qword_ptr[0x20_0000]);
            a.mov(eax, 4);
            a.wrpkru();
            a.mov(rbx, __qword_ptr[0x20_0000]);
        });
        Assert.Equal(Fault.Pf, SystemWorld.Vector(after));
        Assert.Equal(0x25ul, world.Qword(after.Gpr[4]));
        Assert.Equal(0x20_0000ul, after.Cr2);
    }
}
