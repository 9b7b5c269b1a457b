using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>The states after power-on, INIT and a start-up IPI (SDM vol. 3, 9.1, table 9-1, and 8.4).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class PowerOn
{
    private const ulong PatReset = 0x0007_0406_0007_0406;
    private const uint SmBaseReset = 0x3_0000;

    /// <summary>Power-on: sets everything. <paramref name="isBootProcessor"/>: runs; all others wait for a start-up IPI.</summary>
    public static void Reset(Cpu* cpu, bool isBootProcessor)
    {
        cpu->Cr0 = Cr0.Cd | Cr0.Nw;
        cpu->Xcr0 = Xcr0.X87;
        cpu->Pat = PatReset;
        cpu->MiscEnable = ModelSpecificRegisters.MiscEnableReset;
        cpu->SmBase = SmBaseReset;
        cpu->Fcw = 0x40;
        cpu->Mxcsr = 0x1F80;
        Init(cpu, isBootProcessor);
    }

    /// <summary>INIT: as power-on, but CR0.CD and NW, the x87 and vector state, XCR0, the TSC, SMBASE and most MSRs stay.</summary>
    public static void Init(Cpu* cpu, bool isBootProcessor)
    {
        for (int i = 0; i < 16; i++) cpu->Gpr[i] = 0;
        // EAX 0: no self-test failed. EDX: the processor's signature.
        cpu->Gpr[GeneralRegister.Rdx] = CpuidModel.Signature;
        cpu->Rip = 0xFFF0;
        Flags.Write(cpu, Rflags.One);
        SegmentState data = new() { Limit = 0xFFFF, Attributes = SegmentAttributes.RealModeData };
        for (int i = 0; i < SegmentRegister.Count; i++) *Cpu.Segment(cpu, i) = data;
        cpu->Cs = data with { Selector = 0xF000, Base = 0xFFFF_0000 };
        cpu->Ldtr = new SegmentState { Limit = 0xFFFF, Attributes = SegmentAttributes.Present | SystemDescriptorType.Ldt };
        cpu->Tr = new SegmentState { Limit = 0xFFFF, Attributes = SegmentAttributes.Present | SystemDescriptorType.TssBusy };
        cpu->Gdtr = cpu->Idtr = new TableState { Limit = 0xFFFF };
        cpu->Cr0 = (cpu->Cr0 & (Cr0.Cd | Cr0.Nw)) | Cr0.Et;
        cpu->Cr2 = cpu->Cr3 = cpu->Cr4 = 0;
        cpu->Efer = 0;
        for (int i = 0; i < 4; i++) cpu->Dr[i] = 0;
        cpu->Dr[6] = Dr6.Fixed;
        cpu->Dr[7] = Dr7.Fixed;
        cpu->Cpl = 0;
        cpu->InSmm = 0;
        cpu->NmiBlocked = 0;
        cpu->Shadow = 0;
        cpu->EventPending = 0;
        cpu->PendingDebug = 0;
        cpu->ArePdptesLoaded = 0;
        cpu->Activity = isBootProcessor ? VcpuActivity.Running : VcpuActivity.WaitForSipi;
    }

    /// <summary>A start-up IPI: real mode at vector × 1000h.</summary>
    public static void StartUp(Cpu* cpu, byte vector)
    {
        cpu->Cs.Selector = (ushort)(vector << 8);
        cpu->Cs.Base = (ulong)vector << 12;
        cpu->Rip = 0;
        cpu->Activity = VcpuActivity.Running;
    }
}
