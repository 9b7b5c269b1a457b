using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Page walks against a second formulation of the manual's rules (SDM vol. 3, 4.6 and 4.7).</summary>
// SAFETY (whole class): the Cpu lives as long as the machine.
public sealed unsafe class PagingTests
{
    private const ulong Root = 0x20_0000, Directory = 0x20_1000, Middle = 0x20_2000, Table = 0x20_3000, Target = 0x30_0000;
    private const ulong Linear = 0x0000_0040_0020_1000;

    private static Cpu* State(BareMachine machine) => ((Vcpu)machine.Vcpu).State;

    /// <summary>Maps <see cref="Linear"/> by four levels with the given leaf bits; the upper levels allow
    /// everything.</summary>
    private static BareMachine FourLevels(ulong leaf, ulong cr4 = 0)
    {
        BareMachine machine = new();
        VcpuState state = machine.LongMode();
        state.Cr3 = Root;
        state.Cr4 |= cr4;
        state.Efer |= Efer.Nxe;
        state.Cr0 |= Cr0.Wp;
        machine.SetQword(Root + (Linear >> 39 & 511) * 8, Directory | 7);
        machine.SetQword(Directory + (Linear >> 30 & 511) * 8, Middle | 7);
        machine.SetQword(Middle + (Linear >> 21 & 511) * 8, Table | 7);
        machine.SetQword(Table + (Linear >> 12 & 511) * 8, Target | leaf);
        machine.Vcpu.WriteState(state);
        return machine;
    }

    [Fact]
    public void Translate_EveryCombinationOfRights_FollowsTheManual()
    {
        using BareMachine machine = FourLevels(7);
        Cpu* cpu = State(machine);
        foreach (ulong leaf in (ulong[])[1, 3, 5, 7])
        foreach (bool nx in (bool[])[false, true])
        foreach (bool wp in (bool[])[false, true])
        foreach (bool smep in (bool[])[false, true])
        foreach (bool smap in (bool[])[false, true])
        foreach (bool ac in (bool[])[false, true])
        foreach (int cpl in (int[])[0, 3])
        foreach (int access in (int[])[(int)Access.Read, (int)Access.Write, (int)Access.Fetch, (int)Access.System, (int)(Access.System | Access.Write)])
        {
            machine.SetQword(Table + (Linear >> 12 & 511) * 8, Target | leaf | (nx ? PageEntry.NoExecute : 0));
            cpu->Cr0 = wp ? cpu->Cr0 | Cr0.Wp : cpu->Cr0 & ~Cr0.Wp;
            cpu->Cr4 = (cpu->Cr4 & ~(Cr4.Smep | Cr4.Smap)) | (smep ? Cr4.Smep : 0) | (smap ? Cr4.Smap : 0);
            cpu->Rflags = ac ? cpu->Rflags | Rflags.Ac : cpu->Rflags & ~Rflags.Ac;
            cpu->Cpl = (byte)cpl;
            bool isMapped = PageWalker.Translate(cpu, Linear + 5, (Access)access, out Translation translation);
            uint? expected = ExpectedError(leaf, nx, wp, smep, smap, ac, cpl, (Access)access);
            string what = $"leaf {leaf} nx {nx} wp {wp} smep {smep} smap {smap} ac {ac} cpl {cpl} {(Access)access}";
            Assert.True(isMapped == (expected == null), what);
            if (isMapped)
            {
                Assert.Equal(Target + 5, translation.Gpa);
                continue;
            }
            Assert.Equal((what, expected!.Value), (what, cpu->EventError));
            Assert.Equal(Linear + 5, cpu->Cr2);
            Assert.Equal(Fault.Pf, cpu->EventVector);
        }
    }

    /// <summary>SDM vol. 3, 4.6.1, told in the manual's order: by mode of the access, then by kind.</summary>
    private static uint? ExpectedError(ulong leaf, bool nx, bool wp, bool smep, bool smap, bool ac, int cpl, Access access)
    {
        bool isWritable = (leaf & 2) != 0, isUserPage = (leaf & 4) != 0;
        bool isImplicit = (access & Access.System) != 0;
        bool isSupervisor = cpl < 3 || isImplicit;
        bool isWrite = (access & Access.Write) != 0, isFetch = (access & Access.Fetch) != 0;
        bool isAllowed;
        if (isSupervisor)
        {
            if (isFetch) isAllowed = !nx && (!isUserPage || !smep);
            else if (isWrite) isAllowed = (isWritable || !wp) && (!isUserPage || !smap || (ac && !isImplicit));
            else isAllowed = !isUserPage || !smap || (ac && !isImplicit);
        }
        else
        {
            isAllowed = isUserPage && (isFetch ? !nx : !isWrite || isWritable);
        }
        if (isAllowed) return null;
        return 1u | (isWrite ? 2u : 0) | (isSupervisor ? 0 : 4u) | (isFetch ? 16u : 0);
    }

    [Theory]
    [InlineData(0, 0, true, 0u)]
    [InlineData(1, 0, false, 0x21u)]
    [InlineData(2, 0, true, 0u)]
    [InlineData(2, 1, false, 0x23u)]
    [InlineData(1, 2, true, 0u)]
    public void Translate_ProtectionKeys_RefuseData(uint rights, int access, bool isAllowed, uint error)
    {
        const ulong key5 = 5UL << PageEntry.KeyShift;
        using BareMachine machine = FourLevels(7 | key5, Cr4.Pke);
        Cpu* cpu = State(machine);
        cpu->Pkru = rights << 10;
        Assert.Equal(isAllowed, PageWalker.Translate(cpu, Linear, (Access)access, out _));
        if (!isAllowed) Assert.Equal(error, cpu->EventError);
    }

    [Fact]
    public void Translate_Write_SetsAccessedEverywhereAndDirtyInTheLeaf()
    {
        using BareMachine machine = FourLevels(7);
        Assert.True(PageWalker.Translate(State(machine), Linear, Access.Read, out _));
        ulong leafAt = Table + (Linear >> 12 & 511) * 8;
        Assert.Equal(PageEntry.Accessed, machine.Qword(leafAt) & 0x60);
        Assert.Equal(PageEntry.Accessed, machine.Qword(Root + (Linear >> 39 & 511) * 8) & 0x60);
        Assert.True(PageWalker.Translate(State(machine), Linear, Access.Write, out _));
        Assert.Equal(PageEntry.Accessed | PageEntry.Dirty, machine.Qword(leafAt) & 0x60);
        Assert.Equal(PageEntry.Accessed, machine.Qword(Middle + (Linear >> 21 & 511) * 8) & 0x60);
    }

    [Fact]
    public void Translate_RefusedWrite_LeavesTheFlagsAlone()
    {
        using BareMachine machine = FourLevels(5);
        Assert.False(PageWalker.Translate(State(machine), Linear, Access.Write, out _));
        Assert.Equal(0ul, machine.Qword(Table + (Linear >> 12 & 511) * 8) & 0x60);
    }

    [Theory]
    [InlineData(1UL << 40)]
    [InlineData(1UL << 51)]
    public void Translate_ReservedBit_IsReported(ulong bit)
    {
        using BareMachine machine = FourLevels(7 | bit);
        Assert.False(PageWalker.Translate(State(machine), Linear, Access.Write, out _));
        Assert.Equal(0xBu, State(machine)->EventError);
    }

    [Fact]
    public void Translate_NoExecuteWithoutNxe_IsReserved()
    {
        using BareMachine machine = FourLevels(7 | PageEntry.NoExecute);
        State(machine)->Efer &= ~Efer.Nxe;
        Assert.False(PageWalker.Translate(State(machine), Linear, Access.Read, out _));
        Assert.Equal(9u, State(machine)->EventError);
    }

    [Fact]
    public void Translate_NotPresent_HasNoPresentBit()
    {
        using BareMachine machine = FourLevels(6);
        State(machine)->Cpl = 3;
        Assert.False(PageWalker.Translate(State(machine), Linear, Access.Write, out _));
        Assert.Equal(6u, State(machine)->EventError);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(21)]
    public void Translate_LargePage_KeepsTheOffset(int shift)
    {
        using BareMachine machine = FourLevels(7);
        ulong entry = 0xC000_0000 | 0x87ul;
        machine.SetQword(shift == 30 ? Directory + (Linear >> 30 & 511) * 8 : Middle + (Linear >> 21 & 511) * 8, entry);
        Assert.True(PageWalker.Translate(State(machine), Linear + 0x123, Access.Read, out Translation translation));
        Assert.Equal(0xC000_0000 | ((Linear + 0x123) & ((1UL << shift) - 1)), translation.Gpa);
        Assert.Equal(shift, translation.PageShift);
        machine.SetQword(shift == 30 ? Directory + (Linear >> 30 & 511) * 8 : Middle + (Linear >> 21 & 511) * 8, entry | 1 << 13);
        Assert.False(PageWalker.Translate(State(machine), Linear, Access.Read, out _));
        Assert.Equal(9u, State(machine)->EventError);
    }

    [Fact]
    public void Translate_FiveLevels_UsesTheTopNine()
    {
        using BareMachine machine = FourLevels(7);
        Cpu* cpu = State(machine);
        cpu->Cr4 |= Cr4.La57;
        const ulong top = 0x20_5000;
        const ulong linear = 5UL << 48 | Linear;
        machine.SetQword(top + 5 * 8, Root | 7);
        cpu->Cr3 = top;
        Assert.True(PageWalker.Translate(cpu, linear, Access.Read, out Translation translation));
        Assert.Equal(Target, translation.Gpa);
    }

    private static BareMachine Narrow(uint directoryEntry, uint tableEntry, ulong cr4 = Cr4.Pse)
    {
        BareMachine machine = new();
        VcpuState state = machine.ProtectedMode();
        state.Cr0 |= Cr0.Pg | Cr0.Wp;
        state.Cr3 = Root;
        state.Cr4 = cr4;
        BitConverter.TryWriteBytes(machine.Ram[((int)Root + 4)..], directoryEntry);
        BitConverter.TryWriteBytes(machine.Ram[((int)Table + 8)..], tableEntry);
        machine.Vcpu.WriteState(state);
        return machine;
    }

    [Fact]
    public void Translate_TwoLevels_GoesThroughTheTable()
    {
        using BareMachine machine = Narrow((uint)Table | 7, (uint)Target | 7);
        Assert.True(PageWalker.Translate(State(machine), 0x0040_2345, Access.Write, out Translation translation));
        Assert.Equal(Target + 0x345, translation.Gpa);
        Assert.Equal((uint)Target | 0x67, BitConverter.ToUInt32(machine.Ram[((int)Table + 8)..]));
        Assert.Equal((uint)Table | 0x27, BitConverter.ToUInt32(machine.Ram[((int)Root + 4)..]));
    }

    [Fact]
    public void Translate_Pse36_TakesAddressBitsFromTheEntry()
    {
        using BareMachine machine = Narrow(0x00C0_0000 | 3u << 13 | 0x87, 0);
        Assert.True(PageWalker.Translate(State(machine), 0x0041_2345, Access.Read, out Translation translation));
        Assert.Equal(0x3_00C1_2345ul, translation.Gpa);
        Assert.Equal(22, translation.PageShift);
    }

    [Fact]
    public void Translate_Pse_Bit21IsReserved()
    {
        using BareMachine machine = Narrow(0x00E0_0087, 0);
        Assert.False(PageWalker.Translate(State(machine), 0x0040_0000, Access.Read, out _));
        Assert.Equal(9u, State(machine)->EventError);
    }

    private static BareMachine Pae(ulong pointer)
    {
        BareMachine machine = new();
        VcpuState state = machine.ProtectedMode();
        state.Cr0 |= Cr0.Pg;
        state.Cr3 = Root + 0x20;
        state.Cr4 = Cr4.Pae;
        machine.SetQword(Root + 0x20, pointer);
        machine.SetQword(Directory + 8, Table | 7);
        machine.SetQword(Table + 16, Target | 7);
        machine.Vcpu.WriteState(state);
        return machine;
    }

    [Fact]
    public void Translate_Pae_UsesTheLoadedPointers()
    {
        using BareMachine machine = Pae(Directory | 1);
        Assert.True(PageWalker.Translate(State(machine), 0x0020_2345, Access.Read, out Translation translation));
        Assert.Equal(Target + 0x345, translation.Gpa);
        // A change in memory is not seen until CR3 is loaded (SDM vol. 3, 4.4.1).
        machine.SetQword(Root + 0x20, 0);
        Assert.True(PageWalker.Translate(State(machine), 0x0020_2345, Access.Read, out _));
        Assert.True(ControlRegisters.WriteCr3(State(machine), Root + 0x20));
        Assert.False(PageWalker.Translate(State(machine), 0x0020_2345, Access.Read, out _));
    }

    [Fact]
    public void WriteCr3_PaeWithReservedBits_IsRefused()
    {
        using BareMachine machine = Pae(Directory | 1);
        machine.SetQword(Root + 0x40, Directory | 3);
        Assert.False(ControlRegisters.WriteCr3(State(machine), Root + 0x40));
        Assert.Equal(Fault.Gp, State(machine)->EventVector);
        Assert.Equal(Root + 0x20, State(machine)->Cr3);
    }

    [Fact]
    public void State_WithPdptes_KeepsThemWhateverMemoryHolds()
    {
        using BareMachine machine = Pae(Directory | 1);
        Assert.True(ControlRegisters.WriteCr3(State(machine), Root + 0x20));
        machine.SetQword(Root + 0x20, 0);
        VcpuState saved = default;
        machine.Vcpu.ReadState(ref saved);
        Assert.Equal((VcpuState.CurrentVersion, 1ul, Directory | 1),
            (saved.Version, saved.ArePdptesValid, saved.Pdptes[0]));
        machine.Vcpu.WriteState(machine.ProtectedMode());
        machine.Vcpu.WriteState(saved);
        Assert.True(PageWalker.Translate(State(machine), 0x0020_2345, Access.Read, out Translation translation));
        Assert.Equal(Target + 0x345, translation.Gpa);
    }

    [Fact]
    public void State_OfVersion1_LoadsPdptesFromMemory()
    {
        using BareMachine machine = Pae(Directory | 1);
        VcpuState old = default;
        machine.Vcpu.ReadState(ref old);
        old.Version = 1;
        Assert.Equal((0ul, 0ul), (old.ArePdptesValid, old.Pdptes[0]));
        machine.Vcpu.WriteState(old);
        Assert.True(PageWalker.Translate(State(machine), 0x0020_2345, Access.Read, out _));
    }

    [Fact]
    public void State_InAnotherMode_HoldsNoPdptes()
    {
        using BareMachine machine = Pae(Directory | 1);
        Assert.True(ControlRegisters.WriteCr3(State(machine), Root + 0x20));
        Assert.True(ControlRegisters.WriteCr0(State(machine), Cr0.Pe | Cr0.Et));
        VcpuState state = default;
        machine.Vcpu.ReadState(ref state);
        Assert.Equal((0ul, 0ul), (state.ArePdptesValid, state.Pdptes[0]));
    }
}
