using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>The state after power-on (SDM vol. 3, table 10-1).</summary>
internal static unsafe class PowerOn
{
    /// <summary>Sets everything. <paramref name="isBootProcessor"/>: runs; all others wait for a start-up IPI.</summary>
    public static void Reset(Cpu* cpu, bool isBootProcessor)
    {
        for (int i = 0; i < 16; i++) cpu->Gpr[i] = 0;
        cpu->Rip = 0xFFF0;
        Flags.Write(cpu, 2);
        for (int i = 0; i < 6; i++) *Cpu.Segment(cpu, i) = new SegmentState { Limit = 0xFFFF, Attributes = 0x93 };
        cpu->Cs = new SegmentState { Selector = 0xF000, Base = 0xFFFF_0000, Limit = 0xFFFF, Attributes = 0x9B };
        cpu->Ldtr = new SegmentState { Limit = 0xFFFF, Attributes = 0x82 };
        cpu->Tr = new SegmentState { Limit = 0xFFFF, Attributes = 0x8B };
        cpu->Gdtr = cpu->Idtr = new TableState { Limit = 0xFFFF };
        cpu->Cr0 = CpuMode.Cr0Cd | CpuMode.Cr0Nw | CpuMode.Cr0Et;
        cpu->Cr2 = cpu->Cr3 = cpu->Cr4 = 0;
        cpu->Cpl = 0;
        cpu->Xcr0 = 1;
        cpu->Dr[6] = 0xFFFF_0FF0;
        cpu->Dr[7] = 0x400;
        cpu->Efer = 0;
        cpu->Pat = 0x0007_0406_0007_0406;
        cpu->MiscEnable = 1;
        cpu->SmBase = 0x3_0000;
        cpu->Fcw = 0x40;
        cpu->Mxcsr = 0x1F80;
        // EDX: family, model and stepping of the CPU models (see Cpuid); EAX 0 says that the self-test passed.
        cpu->Gpr[2] = 0x0006_06A0;
        cpu->Activity = isBootProcessor ? VcpuActivity.Running : VcpuActivity.WaitForSipi;
    }
}
