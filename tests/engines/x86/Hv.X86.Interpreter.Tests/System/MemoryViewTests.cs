using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>What a vCPU sees of physical memory: outside and inside system-management mode, and with the A20 gate
/// closed.</summary>
public sealed class MemoryViewTests
{
    private const ulong SmRam = 0xA_0000, SmRamBytes = 0x2_0000, Handler = SmRam + 0x8000, Seen = 0x9_0000;

    /// <summary>RAM with SMRAM behind the video hole, and a handler in it that stores what it reads at two addresses of
    /// it.</summary>
    private static BareMachine WithSmRam()
    {
        BareMachine machine = new();
        machine.SetMap(
            machine.Slot(0, SmRam, 0),
            machine.Slot(SmRam, SmRamBytes, SmRam, MemorySlotFlags.SmmOnly),
            machine.Slot(SmRam + SmRamBytes, 15 << 20, SmRam + SmRamBytes));
        machine.Bus.Answer = 0x5151_5151_5151_5151;
        machine.SetQword(SmRam, 0x1234);
        machine.Load(a =>
        {
            a.mov(ebx, (uint)SmRam);
            a.mov(eax, __dword_ptr[ebx]);
            a.mov(ecx, (uint)Seen);
            a.mov(__dword_ptr[ecx], eax);
            a.mov(__dword_ptr[ebx + 4], 0x77);
            a.rsm();
        }, 16, Handler);
        return machine;
    }

    private static VcpuState SmmState(BareMachine machine)
    {
        VcpuState state = machine.LongMode();
        state.SmBase = (uint)SmRam;
        return state;
    }

    [Fact]
    public void Smi_HandlerInSmRam_RunsThereAndNobodyElseSeesIt()
    {
        using BareMachine machine = WithSmRam();
        VcpuState state = SmmState(machine);
        int reads = 0;
        // The first read is outside SMM and raises the SMI; the second one comes after RSM.
        machine.Bus.OnAccess = () =>
        {
            if (reads++ != 0) return;
            machine.Apic.Pending = VcpuSignals.Smi;
            machine.Vcpu.Notify();
        };
        machine.Load(a =>
        {
            a.mov(rbx, SmRam);
            a.mov(eax, __dword_ptr[rbx]);
            a.jmp(a.@F);
            a.AnonymousLabel();
            a.mov(edx, __dword_ptr[rbx]);
            a.hlt();
        });
        VcpuState after = machine.Run(state, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0x5151_5151ul, after.Gpr[0]);
        Assert.Equal(0x5151_5151ul, after.Gpr[2]);
        Assert.Equal([(SmRam, 4), (SmRam, 4)], machine.Bus.Reads);
        Assert.Equal(0x1234u, (uint)machine.Qword(Seen));
        Assert.Equal(0x77u, (uint)(machine.Qword(SmRam) >> 32));
        // The state map lies in SMRAM too: nothing of it went to the bus.
        Assert.Empty(machine.Bus.Writes);
        Assert.Equal(0x2_0064u, (uint)machine.Qword(SmRam + 0xFEFC));
        Assert.Equal(0, after.InSmm);
    }

    [Fact]
    public void Smi_SmRamOverOtherRam_EachModeRunsItsOwnCodeAtOneAddress()
    {
        const ulong place = 0x20_0000, hidden = 0x60_0000, other = 0x68_0000;
        using BareMachine machine = new();
        machine.SetMap(
            machine.Slot(0, place, 0),
            machine.Slot(place, 0x1_0000, other, MemorySlotFlags.HiddenInSmm),
            machine.Slot(place, 0x1_0000, hidden, MemorySlotFlags.SmmOnly),
            machine.Slot(place + 0x1_0000, 0x30_0000, place + 0x1_0000));
        // Both views have a routine at place + 8000h: one halts, the other counts and resumes.
        machine.Load(a => a.hlt(), 64, other + 0x8000);
        machine.Load(a =>
        {
            a.mov(ebx, (uint)Seen);
            a.inc(__dword_ptr[ebx]);
            a.rsm();
        }, 16, hidden + 0x8000);
        VcpuState state = machine.LongMode();
        state.SmBase = (uint)place;
        for (uint round = 1; round <= 3; round++)
        {
            machine.Apic.Pending = VcpuSignals.Smi;
            machine.Load(a => a.jmp(place + 0x8000));
            VcpuState after = machine.Run(state, out VcpuExit exit);
            Assert.Equal(VcpuExitReason.Halt, exit.Reason);
            Assert.Equal(place + 0x8001, after.Rip);
            Assert.Equal(round, (uint)machine.Qword(Seen));
        }
    }

    [Fact]
    public void InvalidateCode_OfSmRam_DropsTheHandler()
    {
        using BareMachine machine = WithSmRam();
        VcpuState state = SmmState(machine);
        foreach (uint value in (ReadOnlySpan<uint>)[0x11, 0x22])
        {
            machine.Load(a =>
            {
                a.mov(ebx, (uint)Seen);
                a.mov(__dword_ptr[ebx], value);
                a.rsm();
            }, 16, Handler);
            machine.Load(a => a.hlt());
            machine.Apic.Pending = VcpuSignals.Smi;
            _ = machine.Run(state, out _);
            Assert.Equal(value, (uint)machine.Qword(Seen));
        }
    }

    [Fact]
    public void State_SavedInsideSmm_GoesOnInItsView()
    {
        using BareMachine machine = WithSmRam();
        VcpuState state = SmmState(machine);
        machine.Load(a => a.hlt());
        machine.Apic.Pending = VcpuSignals.Smi;
        VcpuState inside = machine.Run(state, out VcpuExit exit, budget: 1);
        Assert.Equal((VcpuExitReason.Budget, (byte)1), (exit.Reason, inside.InSmm));
        // In between another state ran, in the other view.
        _ = machine.Run(machine.LongMode(), out _);
        VcpuState after = machine.Run(inside, out exit);
        Assert.Equal((VcpuExitReason.Halt, (byte)0), (exit.Reason, after.InSmm));
        Assert.Equal(0x1234u, (uint)machine.Qword(Seen));
        Assert.Empty(machine.Bus.Reads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A20_InRealMode_AddressesAboveOneMegabyteWrapWhileItIsMasked(bool isMasked)
    {
        using BareMachine machine = new();
        machine.Partition.SetPins(isMasked ? ProcessorPins.A20Mask : ProcessorPins.None);
        VcpuState state = machine.RealMode();
        state.Segments[3] = new SegmentState { Selector = 0xFFFF, Base = 0xF_FFF0, Limit = 0xFFFF, Attributes = 0x93 };
        machine.SetQword(0x500, 0x1111);
        machine.SetQword(0x10_0500, 0x2222);
        machine.Load(a =>
        {
            a.mov(ax, __word_ptr[0x510]);
            a.mov(__word_ptr[0x512], ax);
            a.hlt();
        }, 16, BareMachine.RealCodeBase);
        VcpuState after = machine.Run(state, out _);
        Assert.Equal(isMasked ? 0x1111ul : 0x2222ul, after.Gpr[0] & 0xFFFF);
        Assert.Equal(isMasked ? 0x1111_1111ul : 0x1111ul, machine.Qword(0x500));
        Assert.Equal(isMasked ? 0x2222ul : 0x2222_2222ul, machine.Qword(0x10_0500));
    }

    [Fact]
    public void A20_ChangedByAPortWrite_ActsOnTheNextInstruction()
    {
        using BareMachine machine = new();
        machine.Bus.OnAccess = () => machine.Partition.SetPins(
            machine.Bus.PortWrites.Count == 0 ? ProcessorPins.A20Mask : ProcessorPins.None);
        machine.SetQword(0x500, 0x1111);
        machine.SetQword(0x10_0500, 0x2222);
        VcpuState state = machine.ProtectedMode();
        machine.Load(a =>
        {
            a.mov(ebx, 0x10_0500);
            a.mov(ecx, __dword_ptr[ebx]); // translated before the gate closes
            a.@out(0x92, al);
            a.mov(esi, __dword_ptr[ebx]);
            a.@out(0x92, al);
            a.mov(edi, __dword_ptr[ebx]);
            a.hlt();
        }, 32, 0x20_0000);
        state.Rip = 0x20_0000;
        VcpuState after = machine.Run(state, out _);
        Assert.Equal((0x2222ul, 0x1111ul, 0x2222ul), (after.Gpr[1], after.Gpr[6], after.Gpr[7]));
    }

    [Fact]
    public void A20_Masked_ActsOnPageTablesAndOnWhatTheyGive()
    {
        using BareMachine machine = new();
        VcpuState state = machine.LongMode(rip: 0x40_0000);
        // A page directory pointer entry for 8 GiB whose directory lies at an odd megabyte: the entry is found below
        // it.
        const ulong directory = 0x30_0000, value = 0xABCD;
        machine.SetQword(0x3000 + 8 * 8, directory | 7);
        machine.SetQword((directory & ~(1ul << 20)) + 0, 0x87);
        machine.SetQword(0x6000, value);
        machine.Load(a =>
        {
            a.mov(rbx, 0x2_0010_6000);
            a.mov(rax, __qword_ptr[rbx]);
            a.hlt();
        }, 64, 0x40_0000);
        machine.Partition.SetPins(ProcessorPins.A20Mask);
        Assert.Equal(value, machine.Run(state, out _).Gpr[0]);
    }

    [Fact]
    public void A20_Masked_DoesNotActInSmm()
    {
        const ulong odd = 0x30_0000;
        using BareMachine machine = new();
        VcpuState state = machine.LongMode(rip: 0x20_0000);
        state.SmBase = (uint)odd;
        machine.Partition.SetPins(ProcessorPins.A20Mask);
        machine.Load(a => a.rsm(), 16, odd + 0x8000);
        machine.Load(a =>
        {
            a.mov(rbx, 0x10_0500);
            a.mov(rax, __qword_ptr[rbx]);
            a.hlt();
        }, 64, 0x20_0000);
        machine.SetQword(0x500, 0x1111);
        machine.Apic.Pending = VcpuSignals.Smi;
        VcpuState after = machine.Run(state, out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(0x2_0064u, (uint)machine.Qword(odd + 0xFEFC));
        Assert.Equal(0x1111ul, after.Gpr[0]);
    }
}
