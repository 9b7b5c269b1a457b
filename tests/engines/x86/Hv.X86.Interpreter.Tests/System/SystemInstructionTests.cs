using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>System calls, control registers, MSRs, CPUID, descriptor questions, SMM and the saved state.</summary>
public sealed class SystemInstructionTests
{
    [Fact]
    public void Syscall_AndSysret_GoThereAndBack()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        state.Star = (ulong)(SystemWorld.UserCode64 - 16 | 3) << 48 | (ulong)SystemWorld.KernelCode64 << 32;
        state.Lstar = SystemWorld.Code2;
        state.Fmask = Rflags.If;
        state.Rflags |= Rflags.If;
        world.Machine.Load(a => { a.mov(rbx, rcx); a.sysretq(); }, 64, SystemWorld.Code2);
        VcpuState after = world.Run(state, 64, a => { a.syscall(); a.ud2(); });
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.Code + 2, after.Gpr[3]);
        Assert.Equal(0x202ul, after.Gpr[11]);
        ulong rsp = after.Gpr[4];
        Assert.Equal(SystemWorld.Code + 2, world.Qword(rsp));
        Assert.Equal(SystemWorld.UserCode64, world.Qword(rsp + 8));
        Assert.Equal(0x202ul | Rflags.Rf, world.Qword(rsp + 16));
        Assert.Equal((ushort)(SystemWorld.UserCode64 - 8), world.Qword(rsp + 32));
    }

    [Fact]
    public void Syscall_WithoutSce_IsInvalidOpcode()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        state.Efer &= ~Efer.Sce;
        Assert.Equal(Fault.Ud, SystemWorld.Vector(world.Run(state, 64, a => a.syscall())));
    }

    [Fact]
    public void Sysenter_AndSysexit_Use32BitSegments()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        state.SysenterCs = SystemWorld.KernelCode;
        state.SysenterEsp = SystemWorld.KernelStack - 0x100;
        state.SysenterEip = SystemWorld.Code2;
        state.Gpr[2] = SystemWorld.Code + 2;
        state.Gpr[1] = SystemWorld.UserStack - 0x40;
        world.Machine.Load(a => a.sysexit(), 32, SystemWorld.Code2);
        VcpuState after = world.Run(state, 32, a => { a.sysenter(); a.ud2(); });
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.UserCode, world.Word(after.Gpr[4] + 4));
        Assert.Equal((uint)SystemWorld.UserStack - 0x40, world.Dword(after.Gpr[4] + 12));
    }

    [Fact]
    public void Privileged_InstructionsInUserMode_AreGeneralProtection()
    {
        Action<Iced.Intel.Assembler>[] programs =
        [
            a => a.hlt(), a => a.mov(cr3, rax), a => a.mov(rax, cr0), a => a.rdmsr(), a => a.wrmsr(), a => a.lgdt(__[0x9000]),
            a => a.lidt(__[0x9000]), a => a.ltr(ax), a => a.lldt(ax), a => a.clts(), a => a.invlpg(__[0x9000]), a => a.wbinvd(),
            a => a.mov(dr0, rax), a => a.lmsw(ax), a => a.swapgs(), a => a.cli(), a => a.sti(), a => a.xsetbv(),
            a => a.sgdt(__[0x9000]), a => a.sldt(eax), a => a.str(eax), a => a.smsw(eax), a => a.sidt(__[0x9000]),
        ];
        foreach (Action<Iced.Intel.Assembler> program in programs)
        {
            using SystemWorld world = new();
            VcpuState state = world.Long(cpl: 3);
            state.Cr4 |= Cr4.Umip | Cr4.Osxsave;
            VcpuState after = world.Run(state, 64, program);
            Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
            Assert.Equal(0ul, world.Qword(after.Gpr[4]));
        }
    }

    [Theory]
    [InlineData(0x8000_0000ul)]
    [InlineData(Cr0.Nw | 1)]
    [InlineData(1UL << 32 | 1)]
    public void MovToCr0_Impossible_IsGeneralProtection(ulong value)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[0] = value;
        Assert.Equal(Fault.Gp, SystemWorld.Vector(world.Run(state, 64, a => a.mov(cr0, rax))));
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(1UL << 31)]
    [InlineData(Cr4.Pae | Cr4.La57)]
    public void MovToCr4_ImpossibleInLongMode_IsGeneralProtection(ulong value)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[0] = value;
        Assert.Equal(Fault.Gp, SystemWorld.Vector(world.Run(state, 64, a => a.mov(cr4, rax))));
    }

    [Theory]
    [InlineData(Msr.ArchCapabilities, CpuidModel.ArchCapabilities)]
    [InlineData(Msr.Pat, 0x0007_0406_0007_0406ul)]
    [InlineData(Msr.MtrrCapabilities, 0x508ul)]
    [InlineData(Msr.MicrocodeRevision, 0x1_0000_0000ul)]
    [InlineData(Msr.McgCapabilities, 0x104ul)]
    [InlineData(Msr.McgStatus, 0ul)]
    [InlineData(Msr.Mc0Control + 13, 0ul)]
    public void Rdmsr_Known_Answers(uint msr, ulong expected)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[1] = msr;
        VcpuState after = world.Run(state, 64, a => { a.rdmsr(); a.hlt(); });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Assert.Equal(expected, after.Gpr[2] << 32 | after.Gpr[0]);
    }

    [Theory]
    [InlineData(0x1234u)]
    [InlineData(Msr.SpecCtrl)]
    [InlineData(0x4B56_4D00u)]
    public void Rdmsr_Unknown_IsGeneralProtection(uint msr)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[1] = msr;
        Assert.Equal(Fault.Gp, SystemWorld.Vector(world.Run(state, 64, a => a.rdmsr())));
    }

    [Fact]
    public void Wrmsr_Tsc_MovesTheAdjustmentAlong()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[1] = Msr.Tsc;
        state.Gpr[0] = 0x1000_0000;
        VcpuState after = world.Run(state, 64, a => { a.wrmsr(); a.rdtsc(); a.hlt(); });
        Assert.InRange(after.Gpr[0], 0x1000_0000ul, 0x1000_0100ul);
        Assert.Equal(after.TscOffset, after.TscAdjust);
    }

    [Fact]
    public void Cpuid_InstructionAndModel_Agree()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[0] = 7;
        VcpuState after = world.Run(state, 64, a => { a.cpuid(); a.hlt(); });
        CpuidModel model = CpuidModel.TryCreate("max", 1, world.Machine.TscHz, 40)!;
        CpuidResult expected = model.Query(7, 0, new CpuidContext(0, true, state.Cr4, state.Xcr0));
        Assert.Equal(expected, new CpuidResult((uint)after.Gpr[0], (uint)after.Gpr[3], (uint)after.Gpr[1], (uint)after.Gpr[2]));
    }

    [Theory]
    [InlineData(SystemWorld.KernelCode, 0x00C09B00ul, true)]
    [InlineData(SystemWorld.UserData, 0x00C0F300ul, true)]
    [InlineData(SystemWorld.TaskBSelector, 0x00008900ul, true)]
    [InlineData((ushort)0, 0ul, false)]
    [InlineData((ushort)0x200, 0ul, false)]
    [InlineData((ushort)(SystemWorld.KernelData | 3), 0ul, false)]
    public void Lar_AnswersOrClearsZero(ushort selector, ulong rights, bool isVisible)
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Gpr[1] = selector;
        VcpuState after = world.Run(state, 32, a => { a.lar(eax, ecx); a.hlt(); });
        Assert.Equal(isVisible, (after.Rflags & Rflags.Zf) != 0);
        Assert.Equal(rights, after.Gpr[0]);
    }

    [Fact]
    public void Lsl_Granular_CountsBytes()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Gpr[1] = SystemWorld.KernelCode;
        Assert.Equal(uint.MaxValue, world.Run(state, 32, a => { a.lsl(eax, ecx); a.hlt(); }).Gpr[0]);
    }

    [Theory]
    [InlineData(SystemWorld.KernelCode, true, false)]
    [InlineData(SystemWorld.KernelData, true, true)]
    [InlineData(SystemWorld.TaskSelector, false, false)]
    public void Verify_ReadAndWrite(ushort selector, bool isReadable, bool isWritable)
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Gpr[1] = selector;
        Assert.Equal(isReadable, (world.Run(state, 32, a => { a.verr(cx); a.hlt(); }).Rflags & Rflags.Zf) != 0);
        Assert.Equal(isWritable, (world.Run(state, 32, a => { a.verw(cx); a.hlt(); }).Rflags & Rflags.Zf) != 0);
    }

    [Theory]
    [InlineData(SystemWorld.KernelCode, Fault.Gp)]
    [InlineData((ushort)0, Fault.Gp)]
    [InlineData(SystemWorld.UserData, Fault.Gp)]
    public void MovToSs_BadSelector_Faults(ushort selector, byte vector)
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Gpr[0] = selector;
        VcpuState after = world.Run(state, 32, a => a.mov(ss, eax));
        Assert.Equal(vector, SystemWorld.Vector(after));
        Assert.Equal(selector & 0xFFFCu, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void MovToDs_NotPresent_IsSegmentNotPresent_ToSsIsStackFault()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.SetDescriptor(SystemWorld.Spare, 0x00CF_1300_0000_FFFF);
        state.Gpr[0] = SystemWorld.Spare;
        Assert.Equal(Fault.Np, SystemWorld.Vector(world.Run(state, 32, a => a.mov(ds, eax))));
        Assert.Equal(Fault.Ss, SystemWorld.Vector(world.Run(state, 32, a => a.mov(ss, eax))));
    }

    [Fact]
    public void MovToDs_SetsTheAccessedBit()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.SetDescriptor(SystemWorld.Spare, 0x00CF_9200_0000_FFFF);
        state.Gpr[0] = SystemWorld.Spare;
        VcpuState after = world.Run(state, 32, a => { a.mov(ds, eax); a.hlt(); });
        Assert.Equal(0x00CF_9300_0000_FFFFul, world.Qword(SystemWorld.Gdt + SystemWorld.Spare));
        Assert.Equal(0xC093, after.Segments[3].Attributes);
    }

    [Theory]
    [InlineData(0x60, false)]
    [InlineData(0x64, true)]
    public void PortAccess_FollowsThePermissionMap(int port, bool isAllowed)
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        world.SetWord(SystemWorld.Tss + 0x66, 0x68);
        world.Machine.Ram.Slice((int)SystemWorld.Tss + 0x68, 32).Fill(0xFF);
        world.Machine.Ram[(int)SystemWorld.Tss + 0x68 + 0x64 / 8] = 0xEF;
        state.Tr.Limit = 0x68 + 31;
        state.Gpr[2] = (ulong)port;
        VcpuState after = world.Run(state, 32, a => { a.@in(al, dx); a.@int(0x40); });
        Assert.Equal(isAllowed ? 0x40 : Fault.Gp, SystemWorld.Vector(after));
    }

    [Fact]
    public void Smi_AndRsm_RestoreTheInterruptedState()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        state.SmBase = 0x7_8000;
        for (int i = 0; i < 16; i++) if (i != 4) state.Gpr[i] = 0x1111_1111_1111_1111ul * (ulong)i;
        state.Rflags |= Rflags.If | Rflags.Cf;
        world.Machine.Apic.Pending = VcpuSignals.Smi;
        // The handler: 16-bit code at SMBASE + 8000h; moves SMBASE, spoils registers, resumes.
        world.Machine.Load(a =>
        {
            a.mov(ebx, 0x77F00);
            a.mov(__dword_ptr[ebx + 0x8000], 0x9_0000);
            a.mov(eax, 5);
            a.rsm();
        }, 16, 0x8_0000);
        VcpuState after = world.Run(state, 64, a => a.@int(0x40));
        Assert.Equal(0x40, SystemWorld.Vector(after));
        for (int i = 0; i < 16; i++) if (i != 4) Assert.Equal(0x1111_1111_1111_1111ul * (ulong)i, after.Gpr[i]);
        Assert.Equal(SystemWorld.UserCode64, world.Qword(after.Gpr[4] + 8));
        Assert.Equal(0x203ul, world.Qword(after.Gpr[4] + 16));
        Assert.Equal(0, after.InSmm);
        // The revision and the instruction pointer lie where the AMD64 map has them.
        Assert.Equal(0x2_0064u, world.Dword(0x7_8000 + 0xFEFC));
        Assert.Equal(SystemWorld.Code, world.Qword(0x7_8000 + 0xFF78));
    }

    [Fact]
    public void Rsm_OutsideSmm_IsInvalidOpcode()
    {
        using SystemWorld world = new();
        Assert.Equal(Fault.Ud, SystemWorld.Vector(world.Run(world.Long(), 64, a => a.rsm())));
    }

    [Fact]
    public void Init_ThenSipi_StartsInRealMode()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        world.Machine.Apic.Pending = VcpuSignals.Init;
        state.Cr0 &= ~Cr0.Wp;
        VcpuState after = world.Machine.Run(state, out VcpuExit exit, budget: 0);
        // The boot processor runs on from the reset vector.
        Assert.Equal(VcpuExitReason.Budget, exit.Reason);
        Assert.Equal(0xFFF0ul, after.Rip);
        Assert.Equal(0xFFFF_0000ul, after.Segments[1].Base);
        Assert.Equal(Cr0.Et, after.Cr0);
        Assert.Equal((ulong)CpuidModel.Signature, after.Gpr[2]);
    }

    [Fact]
    public void State_WrittenBack_BetweenAnyTwoInstructions_ChangesNothing()
    {
        static void Program(Iced.Intel.Assembler a)
        {
            a.mov(eax, 0x1234_5678);
            a.sti();
            a.mov(ebx, 3);
            a.pushfd();
            a.cli();
            a.popfd();
            a.mov(ds, ecx);
            a.mov(ss, ecx);
            a.mov(edx, 9);
            a.@int(0x40);
        }
        using SystemWorld whole = new();
        VcpuState start = whole.Protected();
        start.Gpr[1] = SystemWorld.KernelData;
        VcpuState expected = whole.Run(start, 32, Program);

        using SystemWorld pieces = new();
        VcpuState state = pieces.Protected();
        state.Gpr[1] = SystemWorld.KernelData;
        pieces.Machine.Load(Program, 32);
        VcpuExit exit = default;
        for (int i = 0; i < 20 && exit.Reason != VcpuExitReason.Halt; i++)
            state = pieces.Machine.Run(state, out exit, budget: 1);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(Bytes(expected), Bytes(state));
    }

    private static byte[] Bytes(VcpuState state) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<VcpuState>(in state)).ToArray();
}
