using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>What happens between instructions: delivery of exceptions and interrupts, INIT, SIPI, SMI, NMI, HLT's end, single-stepping.
/// Called by the dispatcher (<see cref="Vcpu.Run"/>).</summary>
internal static unsafe class Events
{
    /// <summary>Called when something waits: the vCPU is not running, an event must be delivered, or the APIC has signals. Takes what may be taken now.
    /// Gives the reason to leave Run, or null to go on.</summary>
    public static VcpuExitReason? BeforeInstruction(Vcpu vcpu, Cpu* cpu)
    {
        switch (cpu->Activity)
        {
            case VcpuActivity.Halted: return VcpuExitReason.Halt;
            case VcpuActivity.WaitForSipi: return VcpuExitReason.WaitForSipi;
            case VcpuActivity.Shutdown: return VcpuExitReason.TripleFault;
        }
        if (cpu->EventPending != 0)
        {
            cpu->EventPending = 0;
            cpu->Activity = VcpuActivity.Shutdown;
            return VcpuExitReason.TripleFault;
        }
        return null;
    }

    /// <summary>The next instruction must run alone: TF, an interrupt shadow, breakpoints on execution, a pending debug trap.</summary>
    public static bool NeedsSingleSteps(Cpu* cpu) =>
        cpu->Shadow != 0 || (cpu->Rflags & Flags.Tf) != 0 || CpuMode.HasCodeBreakpoints(cpu);

    /// <summary>Before an instruction that runs alone: faults of execution breakpoints. False when an event was recorded instead.</summary>
    public static bool BeforeSingleStep(Cpu* cpu) => true;

    /// <summary>After an instruction that ran alone. <paramref name="traps"/>: TF was set before it.</summary>
    public static void AfterSingleStep(Cpu* cpu, bool traps)
    {
    }
}
