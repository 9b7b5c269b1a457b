using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.LocalApic;

/// <summary>Registers of the local APIC, with the manual's names.</summary>
public enum Reg : byte
{
    /// <summary>The APIC's own id.</summary>
    Id,
    /// <summary>Version and number of local vectors.</summary>
    Version,
    /// <summary>Task priority.</summary>
    TaskPriority,
    /// <summary>Arbitration priority: not there on processors without an APIC bus.</summary>
    ArbitrationPriority,
    /// <summary>Processor priority.</summary>
    ProcessorPriority,
    /// <summary>End of interrupt.</summary>
    EndOfInterrupt,
    /// <summary>Remote read: not there on processors without an APIC bus.</summary>
    RemoteRead,
    /// <summary>Which logical destinations this APIC answers to.</summary>
    LogicalDestination,
    /// <summary>Flat or cluster model.</summary>
    DestinationFormat,
    /// <summary>Spurious vector, software enable, focus, EOI-broadcast suppression.</summary>
    SpuriousVector,
    /// <summary>Vectors in service, 32 in each.</summary>
    InService,
    /// <summary>Vectors that came level-triggered, 32 in each.</summary>
    TriggerMode,
    /// <summary>Vectors that wait, 32 in each.</summary>
    InterruptRequest,
    /// <summary>Errors found before the last write.</summary>
    ErrorStatus,
    /// <summary>Sends interrupts to other processors.</summary>
    InterruptCommand,
    /// <summary>Destination of an interrupt command.</summary>
    InterruptCommandHigh,
    /// <summary>Local vectors in the order timer, thermal, performance, LINT0, LINT1, error.</summary>
    LocalVector,
    /// <summary>Starts the timer.</summary>
    InitialCount,
    /// <summary>What is left of the count.</summary>
    CurrentCount,
    /// <summary>Divides the timer's clock.</summary>
    DivideConfiguration,
    /// <summary>Sends a vector to this APIC itself.</summary>
    SelfIpi,
}

/// <summary>Layout of the local APIC (Intel SDM volume 3, 325384-083, chapter 11).</summary>
public static class Spec
{
    /// <summary>Where the registers are after power-on (11.4.1).</summary>
    public const ulong DefaultBase = 0xfee0_0000;
    /// <summary>Size of the register page in bytes.</summary>
    public const int PageBytes = 4096;
    /// <summary>First MSR of x2APIC mode; MSR 800h + n is offset n × 16 (11.12.1.2).</summary>
    public const uint FirstMsr = 0x800;
    /// <summary>Frequency of the timer before its divider: the crystal of CPUID leaf 15h.</summary>
    public const ulong TimerHz = 1_000_000_000;
    /// <summary>Version 14h, six local vectors, EOI broadcasts can be suppressed (11.4.8).</summary>
    public const uint Version = 0x0105_0014;

    /// <summary>xAPIC mode: 32-bit registers at 16-byte steps (table 11-1).</summary>
    public static RegisterMap<Reg> Xapic { get; } = new(PageBytes, 0x00,
    [
        //  register                  offset  width access     reset       name       section
        new(Reg.Id,                   0x020,  4,    ReadOnly,  0x00000000, "ID",      "11.4.6"),
        new(Reg.Version,              0x030,  4,    ReadOnly,  Version,    "VERSION", "11.4.8"),
        new(Reg.TaskPriority,         0x080,  4,    ReadWrite, 0x00000000, "TPR",     "11.8.3.1") { Writable = 0xff },
        new(Reg.ArbitrationPriority,  0x090,  4,    ReadOnly,  0x00000000, "APR",     "11.6.2.4"),
        new(Reg.ProcessorPriority,    0x0a0,  4,    ReadOnly,  0x00000000, "PPR",     "11.8.3.1"),
        new(Reg.EndOfInterrupt,       0x0b0,  4,    WriteOnly, 0x00000000, "EOI",     "11.8.5"),
        new(Reg.RemoteRead,           0x0c0,  4,    ReadOnly,  0x00000000, "RRD",     "table 11-1"),
        new(Reg.LogicalDestination,   0x0d0,  4,    ReadWrite, 0x00000000, "LDR",     "11.6.2.2") { Writable = 0xff000000 },
        new(Reg.DestinationFormat,    0x0e0,  4,    ReadWrite, 0xffffffff, "DFR",     "11.6.2.2") { Writable = 0xf0000000 },
        new(Reg.SpuriousVector,       0x0f0,  4,    ReadWrite, 0x000000ff, "SVR",     "11.9") { Writable = 0x13ff },
        new(Reg.InService,            0x100,  4,    ReadOnly,  0x00000000, "ISR",     "11.8.4") { Count = 8, StrideBytes = 16 },
        new(Reg.TriggerMode,          0x180,  4,    ReadOnly,  0x00000000, "TMR",     "11.8.4") { Count = 8, StrideBytes = 16 },
        new(Reg.InterruptRequest,     0x200,  4,    ReadOnly,  0x00000000, "IRR",     "11.8.4") { Count = 8, StrideBytes = 16 },
        new(Reg.ErrorStatus,          0x280,  4,    ReadWrite, 0x00000000, "ESR",     "11.5.3"),
        new(Reg.InterruptCommand,     0x300,  4,    ReadWrite, 0x00000000, "ICR",     "11.6.1") { Writable = 0x000ccfff },
        new(Reg.InterruptCommandHigh, 0x310,  4,    ReadWrite, 0x00000000, "ICR2",    "11.6.1") { Writable = 0xff000000 },
        new(Reg.LocalVector,          0x320,  4,    ReadWrite, 0x00010000, "LVT",     "11.5.1") { Count = 6, StrideBytes = 16 },
        new(Reg.InitialCount,         0x380,  4,    ReadWrite, 0x00000000, "ICT",     "11.5.4"),
        new(Reg.CurrentCount,         0x390,  4,    ReadOnly,  0x00000000, "CCT",     "11.5.4"),
        new(Reg.DivideConfiguration,  0x3e0,  4,    ReadWrite, 0x00000000, "DCR",     "11.5.4") { Writable = 0x0b },
    ]);

    /// <summary>x2APIC mode: MSR 800h + n as 8 bytes at n × 8 (table 11-6). Bits outside Writable are reserved: setting
    /// one is #GP.</summary>
    public static RegisterMap<Reg> X2apic { get; } = new(0x100 * 8, 0x00,
    [
        //  register                  offset    width access     reset       name       section
        new(Reg.Id,                   0x02 * 8, 8,    ReadOnly,  0x00000000, "ID",      "table 11-6"),
        new(Reg.Version,              0x03 * 8, 8,    ReadOnly,  Version,    "VERSION", "11.4.8"),
        new(Reg.TaskPriority,         0x08 * 8, 8,    ReadWrite, 0x00000000, "TPR",     "11.8.3.1") { Writable = 0xff },
        new(Reg.ProcessorPriority,    0x0a * 8, 8,    ReadOnly,  0x00000000, "PPR",     "11.8.3.1"),
        new(Reg.EndOfInterrupt,       0x0b * 8, 8,    WriteOnly, 0x00000000, "EOI",     "11.8.5") { Writable = 0 },
        new(Reg.LogicalDestination,   0x0d * 8, 8,    ReadOnly,  0x00000000, "LDR",     "11.12.10.2"),
        new(Reg.SpuriousVector,       0x0f * 8, 8,    ReadWrite, 0x000000ff, "SVR",     "11.9") { Writable = 0x13ff },
        new(Reg.InService,            0x10 * 8, 8,    ReadOnly,  0x00000000, "ISR",     "11.8.4") { Count = 8, StrideBytes = 8 },
        new(Reg.TriggerMode,          0x18 * 8, 8,    ReadOnly,  0x00000000, "TMR",     "11.8.4") { Count = 8, StrideBytes = 8 },
        new(Reg.InterruptRequest,     0x20 * 8, 8,    ReadOnly,  0x00000000, "IRR",     "11.8.4") { Count = 8, StrideBytes = 8 },
        new(Reg.ErrorStatus,          0x28 * 8, 8,    ReadWrite, 0x00000000, "ESR",     "11.5.3") { Writable = 0 },
        new(Reg.InterruptCommand,     0x30 * 8, 8,    ReadWrite, 0x00000000, "ICR",     "11.12.9") { Writable = 0xffffffff_000ccfff },
        new(Reg.LocalVector,          0x32 * 8, 8,    ReadWrite, 0x00010000, "LVT",     "11.5.1") { Count = 6, StrideBytes = 8, Writable = 0x7ffff },
        new(Reg.InitialCount,         0x38 * 8, 8,    ReadWrite, 0x00000000, "ICT",     "11.5.4") { Writable = 0xffffffff },
        new(Reg.CurrentCount,         0x39 * 8, 8,    ReadOnly,  0x00000000, "CCT",     "11.5.4"),
        new(Reg.DivideConfiguration,  0x3e * 8, 8,    ReadWrite, 0x00000000, "DCR",     "11.5.4") { Writable = 0x0b },
        new(Reg.SelfIpi,              0x3f * 8, 8,    WriteOnly, 0x00000000, "SELF",    "11.12.11") { Writable = 0xff },
    ]);
}

/// <summary>Bits of IA32_APIC_BASE (11.4.4, 11.12.1).</summary>
internal static class ApicBaseMsr
{
    public const ulong BootstrapProcessor = 1 << 8, X2apic = 1 << 10, Enable = 1 << 11, AddressMask = 0x000f_ffff_ffff_f000;
}

/// <summary>Bits of the spurious-interrupt vector register (11.9).</summary>
internal static class Svr
{
    public const uint Enable = 1 << 8, FocusDisabled = 1 << 9, SuppressEoiBroadcast = 1 << 12;
}

/// <summary>Places in the local vector table, and its bits (11.5.1).</summary>
internal static class Lvt
{
    public const int Timer = 0, Lint0 = 3, Lint1 = 4, Error = 5, Count = 6;
    public const uint Masked = 1 << 16, LevelTriggered = 1 << 15, RemoteIrr = 1 << 14, TimerMode = 3 << 17,
        OneShot = 0 << 17, Periodic = 1 << 17, TscDeadline = 2 << 17;

    /// <summary>Bits that software may set: timer, thermal, performance, LINT0, LINT1, error.</summary>
    public static ReadOnlySpan<uint> Writable => [0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];
}

/// <summary>Bits of the error status register (11.5.3).</summary>
internal static class Esr
{
    public const uint SendIllegalVector = 1 << 5, ReceiveIllegalVector = 1 << 6, IllegalRegister = 1 << 7;
}

/// <summary>What a message does at its destination (11.6.1).</summary>
internal enum DeliveryMode : byte
{
    Fixed = 0,
    LowestPriority = 1,
    Smi = 2,
    Reserved = 3,
    Nmi = 4,
    Init = 5,
    StartUp = 6,
    ExtInt = 7,
}
