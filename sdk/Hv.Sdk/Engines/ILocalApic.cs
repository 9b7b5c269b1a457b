using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Engines;

/// <summary>Signals other than vectored interrupts that wait for a vCPU.</summary>
[Flags]
public enum VcpuSignals : byte
{
    /// <summary>Nothing waits.</summary>
    None = 0,
    /// <summary>A maskable interrupt is deliverable: its priority is above the processor priority, or ExtINT is
    /// asserted.</summary>
    Interrupt = 1,
    /// <summary>A non-maskable interrupt.</summary>
    Nmi = 2,
    /// <summary>A system-management interrupt.</summary>
    Smi = 4,
    /// <summary>INIT.</summary>
    Init = 8,
    /// <summary>A start-up IPI.</summary>
    Sipi = 16,
}

/// <summary>What the APIC says to an access of one of its MSRs.</summary>
public enum MsrStatus : byte
{
    /// <summary>Done.</summary>
    Ok,
    /// <summary>Not an MSR of the APIC in its present mode, or a reserved bit: #GP(0).</summary>
    GeneralProtection,
}

/// <summary>The local interrupt controller of one vCPU, seen from the engine. All members are called on the vCPU's own
/// thread and never block; other threads reach the APIC through messages that only set bits and call
/// <see cref="IVcpu.Notify"/>.</summary>
[Experimental("HVX001")]
public interface ILocalApic
{
    /// <summary>What waits now. Read at instruction boundaries after <see cref="IVcpu.Notify"/>, and after anything
    /// that may unmask.</summary>
    VcpuSignals Pending { get; }

    /// <summary>The vCPU takes the interrupt that <see cref="Pending"/> announced: moves it from IRR to ISR, or runs
    /// the 8259's acknowledge cycle. −1 when it has gone.</summary>
    int AcknowledgeInterrupt();

    /// <summary>The vCPU takes one of Nmi, Smi, Init or Sipi; clears it. For Sipi <paramref name="vector"/> is the
    /// start-up vector (CS = vector × 100h), otherwise 0.</summary>
    void Take(VcpuSignals signal, out byte vector);

    /// <summary>CR8: bits 7–4 of the task-priority register, 0 to 15.</summary>
    byte Cr8 { get; set; }

    /// <summary>The IA32_APIC_BASE MSR (1Bh).</summary>
    ulong ApicBase { get; }

    /// <summary>RDMSR of 1Bh, 6E0h and 800h–8FFh.</summary>
    MsrStatus ReadMsr(uint msr, out ulong value);

    /// <summary>WRMSR of 1Bh, 6E0h and 800h–8FFh. The deadline (6E0h) is in ticks of the machine's own counter: the
    /// engine subtracts the vCPU's TSC offset (adds it on reads), except from 0, which disarms.</summary>
    MsrStatus WriteMsr(uint msr, ulong value);

    /// <summary>The vCPU took INIT: the APIC goes to its state after INIT (its base and id stay).</summary>
    void OnInit();
}
