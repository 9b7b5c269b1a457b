using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Engines;

/// <summary>One virtual processor.</summary>
[Experimental("HVX001")]
public interface IVcpu : IDisposable
{
    /// <summary>Runs guest code until the budget is used up or something needs the core. INIT, SIPI, NMI, SMI and
    /// interrupts are taken from <see cref="ILocalApic"/> at instruction boundaries. One thread at a time.</summary>
    VcpuExit Run(in RunBudget budget);

    /// <summary>Makes <see cref="Run"/> return <see cref="VcpuExitReason.Kicked"/> soon (at the next instruction
    /// boundary, or at once at its next start). A kick is remembered, not counted. Any thread.</summary>
    void Kick();

    /// <summary>The local APIC has something new (an interrupt, NMI, SMI, INIT or SIPI): look at it at the next
    /// instruction boundary, without leaving <see cref="Run"/>. Any thread, lock-free.</summary>
    void Notify();

    /// <summary>Instructions retired since power-on. Exact inside bus and APIC callbacks on the vCPU's thread (the
    /// instruction that made the access is not yet counted) and whenever the vCPU is outside <see cref="Run"/>. An
    /// instruction that faults does not count; a REP instruction counts once, when it completes; an interrupt's
    /// delivery does not count.</summary>
    ulong Retired { get; }

    /// <summary>Copies the whole architectural state out. Only outside <see cref="Run"/>, or on the vCPU's thread
    /// inside a callback.</summary>
    void ReadState(ref VcpuState state);

    /// <summary>Replaces the whole architectural state and drops anything cached from the old one. Only outside
    /// <see cref="Run"/>.</summary>
    void WriteState(in VcpuState state);
}

/// <summary>How long a vCPU may run.</summary>
public readonly struct RunBudget
{
    /// <summary>Instructions to retire at the most; <see cref="ulong.MaxValue"/> is no limit. Exact with
    /// <see cref="EngineTraits.ExactBudget"/>.</summary>
    public ulong Instructions { get; init; }
    /// <summary>No limit.</summary>
    public static RunBudget Unlimited => new() { Instructions = ulong.MaxValue };
}

/// <summary>Why <see cref="IVcpu.Run"/> returned.</summary>
public enum VcpuExitReason : byte
{
    /// <summary>The budget is used up.</summary>
    Budget,
    /// <summary>HLT (or MWAIT) with nothing to wake it, or an x87 instruction that waits for a pending exception to be
    /// handled: call Run again once the APIC has something or <see cref="ProcessorPins.IgnoreNumericError"/> has
    /// changed.</summary>
    Halt,
    /// <summary><see cref="IVcpu.Kick"/> was called.</summary>
    Kicked,
    /// <summary>The bus answered <see cref="Io.IoStatus.Deferred"/>: run again when the value is there. The instruction
    /// is then executed anew before anything else: a read that is underway is not interrupted. RIP, and what a repeated
    /// instruction has committed, are as before the instruction or its iteration.</summary>
    Deferred,
    /// <summary>After INIT: waiting for a start-up IPI.</summary>
    WaitForSipi,
    /// <summary>Triple fault: the processor is in the shutdown state.</summary>
    TripleFault,
    /// <summary>A breakpoint or single step that the host asked for.</summary>
    Breakpoint,
    /// <summary>The engine met a state that it cannot run; <see cref="VcpuExit.Message"/> says what.</summary>
    Failure,
}

/// <summary>The outcome of <see cref="IVcpu.Run"/>.</summary>
public readonly struct VcpuExit
{
    /// <summary>Why it returned.</summary>
    public VcpuExitReason Reason { get; init; }
    /// <summary>For <see cref="VcpuExitReason.Failure"/>: what happened, for people.</summary>
    public string? Message { get; init; }
}
