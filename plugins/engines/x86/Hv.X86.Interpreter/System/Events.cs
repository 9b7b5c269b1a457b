using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>What happens between instructions, in the order of SDM vol. 3, table 6-2: delivery of exceptions and
/// interrupts, INIT, SIPI, SMI, NMI, the end of HLT, single-stepping. Called by the dispatcher
/// (<see cref="Vcpu.Run"/>).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class Events
{
    private const ulong BootProcessor = 1 << 8;

    /// <summary>Called when something waits: the vCPU is not running, an event must be delivered, or the APIC has
    /// signals. Takes what may be taken now. Gives the reason to leave Run, or null to go on.</summary>
    public static VcpuExitReason? BeforeInstruction(Vcpu vcpu, Cpu* cpu)
    {
        if (cpu->EventPending != 0 && Deliver(cpu, PendingEvent.Take(cpu)) is { } failure)
            return failure;
        VcpuSignals signals = vcpu.Apic.Pending;
        if ((signals & VcpuSignals.Init) != 0 && cpu->InSmm == 0)
        {
            TakeInit(vcpu, cpu);
            signals = vcpu.Apic.Pending;
        }
        switch (cpu->Activity)
        {
            case VcpuActivity.Shutdown:
                return VcpuExitReason.TripleFault;
            case VcpuActivity.WaitForSipi:
                if ((signals & VcpuSignals.Sipi) == 0)
                    return VcpuExitReason.WaitForSipi;
                vcpu.Apic.Take(VcpuSignals.Sipi, out byte vector);
                PowerOn.StartUp(cpu, vector);
                CpuMode.Refresh(cpu);
                return null;
        }
        // A start-up IPI that finds the processor started is dropped (SDM vol. 3, 8.4.2).
        if ((signals & VcpuSignals.Sipi) != 0)
            vcpu.Apic.Take(VcpuSignals.Sipi, out _);
        if (TakeInterruption(vcpu, cpu, signals) is { } exit)
            return exit;
        return cpu->Activity == VcpuActivity.Halted ? VcpuExitReason.Halt : null;
    }

    /// <summary>SMI, NMI or a maskable interrupt. Gives the reason to leave Run when its delivery does not come to its
    /// end.</summary>
    private static VcpuExitReason? TakeInterruption(Vcpu vcpu, Cpu* cpu, VcpuSignals signals)
    {
        bool isAfterMovSs = (cpu->Shadow & Shadow.MovSs) != 0;
        if ((signals & VcpuSignals.Smi) != 0 && cpu->InSmm == 0 && !isAfterMovSs)
        {
            vcpu.Apic.Take(VcpuSignals.Smi, out _);
            vcpu.Counters.Smis++;
            SystemManagement.Enter(cpu);
            return null;
        }
        if (cpu->PendingDebug != 0 && !isAfterMovSs)
        {
            ulong conditions = cpu->PendingDebug;
            cpu->PendingDebug = 0;
            DebugRegisters.Report(cpu, conditions);
            return Deliver(cpu, new PendingEvent { Vector = Fault.Db, Type = Fault.Hardware });
        }
        if ((signals & VcpuSignals.Nmi) != 0 && cpu->NmiBlocked == 0 && !isAfterMovSs)
        {
            vcpu.Apic.Take(VcpuSignals.Nmi, out _);
            cpu->NmiBlocked = NmiBlock.Handling;
            return Deliver(cpu, new PendingEvent { Vector = Fault.Nmi, Type = Fault.NmiType });
        }
        if ((signals & VcpuSignals.Interrupt) != 0 && (cpu->Rflags & Rflags.If) != 0 && cpu->Shadow == 0)
        {
            int vector = vcpu.Apic.AcknowledgeInterrupt();
            if (vector < 0)
                return null;
            return Deliver(cpu, new PendingEvent { Vector = (byte)vector, Type = Fault.External });
        }
        return null;
    }

    /// <summary>Whether an event from outside would be taken now: what an instruction that stands still waits
    /// for.</summary>
    public static bool WouldTakeInterruption(Vcpu vcpu, Cpu* cpu)
    {
        VcpuSignals signals = vcpu.Apic.Pending;
        bool isInSmm = cpu->InSmm != 0;
        return ((signals & (VcpuSignals.Init | VcpuSignals.Smi)) != 0 && !isInSmm)
            || ((signals & VcpuSignals.Nmi) != 0 && cpu->NmiBlocked == 0)
            || ((signals & VcpuSignals.Interrupt) != 0 && (cpu->Rflags & Rflags.If) != 0);
    }

    /// <summary>Gives the reason to leave Run, or null when the handler is entered.</summary>
    private static VcpuExitReason? Deliver(Cpu* cpu, PendingEvent pending)
    {
        cpu->Shadow = 0;
        cpu->Activity = VcpuActivity.Running;
        switch (EventDelivery.Deliver(cpu, pending))
        {
            case EventDelivery.Outcome.Delivered:
                return null;
            case EventDelivery.Outcome.Postponed:
                return VcpuExitReason.Deferred;
            default:
                cpu->Activity = VcpuActivity.Shutdown;
                return VcpuExitReason.TripleFault;
        }
    }

    private static void TakeInit(Vcpu vcpu, Cpu* cpu)
    {
        vcpu.Apic.Take(VcpuSignals.Init, out _);
        bool isBootProcessor = (vcpu.Apic.ApicBase & BootProcessor) != 0;
        PowerOn.Init(cpu, isBootProcessor);
        vcpu.Apic.OnInit();
        NumericErrorPin.Update(cpu, null);
        CpuMode.Refresh(cpu);
        Tlb.FlushAll(cpu);
    }

    /// <summary>The next instruction must run alone: TF, an interrupt shadow, a breakpoint of any kind. RF, which only
    /// matters to execution breakpoints, is dropped where there is none, as the instruction's completion would
    /// do.</summary>
    public static bool NeedsSingleSteps(Cpu* cpu)
    {
        bool hasBreakpoints = (cpu->Dr[7] & Dr7.Enables) != 0;
        if (!hasBreakpoints)
            cpu->Rflags &= ~Rflags.Rf;
        return hasBreakpoints || cpu->Shadow != 0 || (cpu->Rflags & Rflags.Tf) != 0;
    }

    /// <summary>Before an instruction that runs alone: faults of execution breakpoints. False when an event was
    /// recorded instead.</summary>
    public static bool BeforeSingleStep(Cpu* cpu)
    {
        bool isResumed = (cpu->Rflags & Rflags.Rf) != 0;
        if ((cpu->Dr[7] & Dr7.Enables) != 0 && !isResumed && (cpu->Shadow & Shadow.MovSs) == 0)
        {
            ulong linear = (cpu->Mode & CodeMode.Code64) != 0 ? cpu->Rip : (uint)(cpu->CodeBase + cpu->Rip);
            ulong hits = DebugRegisters.MatchExecution(cpu, linear);
            if (hits != 0)
            {
                // The frame gets RF, so that the return goes past the breakpoint.
                cpu->Rflags |= Rflags.Rf;
                return DebugRegisters.RaiseFault(cpu, hits);
            }
        }
        cpu->Rflags &= ~Rflags.Rf;
        return true;
    }

    /// <summary>After an instruction that ran alone. <paramref name="traps"/>: TF was set before it. A fault supersedes
    /// its traps; after MOV SS the single-step trap is lost and other traps wait (SDM vol. 3, 6.8.3).</summary>
    public static void AfterSingleStep(Cpu* cpu, bool traps)
    {
        if (cpu->EventPending != 0)
        {
            cpu->PendingDebug = 0;
            return;
        }
        if ((cpu->Shadow & Shadow.MovSs) != 0)
            return;
        if (traps)
            cpu->PendingDebug |= Dr6.Bs;
    }
}
