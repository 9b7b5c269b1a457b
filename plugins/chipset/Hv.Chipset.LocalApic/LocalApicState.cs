using Hv.Sdk.State;

namespace Hv.Chipset.LocalApic;

/// <summary>The state of all local APICs.</summary>
[DeviceState("local-apic", 1)]
public sealed partial class LocalApicsState
{
    /// <summary>By vCPU.</summary>
    [Field(1, MaxLength = 255)] public LocalApicState[] Apics = [];
    /// <summary>Signals that wait, by vCPU: VcpuSignals in bits 7–0 (Interrupt is an ExtINT message), the start-up
    /// vector in bits 15–8. Apart from the registers, because INIT resets those while a start-up message may
    /// arrive.</summary>
    [Field(2, MaxLength = 255)] public uint[] Signals = [];
}

/// <summary>Everything software can observe or change in one local APIC. Other threads set bits of
/// <see cref="InterruptRequest"/>,
/// <see cref="TriggerMode"/> and <see cref="PendingErrors"/> atomically; the rest is the vCPU's own.</summary>
[DeviceState("local-apic-vcpu", 1)]
public sealed partial class LocalApicState
{
    /// <summary>IA32_APIC_BASE.</summary>
    [Field(1)] public ulong ApicBase;
    [Field(2)] public byte TaskPriority;
    [Field(3)] public uint LogicalDestination;
    [Field(4)] public uint DestinationFormat = uint.MaxValue;
    [Field(5)] public uint SpuriousVector = 0xff;
    [Field(6)] public readonly uint[] InService = new uint[8];
    [Field(7)] public readonly uint[] TriggerMode = new uint[8];
    [Field(8)] public readonly uint[] InterruptRequest = new uint[8];
    [Field(9)] public uint ErrorStatus;
    /// <summary>Errors since the last write of the error status register.</summary>
    [Field(10)] public uint PendingErrors;
    [Field(11)] public uint CommandLow;
    [Field(12)] public uint CommandHigh;
    [Field(13)] public readonly uint[] LocalVectors =
        [Lvt.Masked, Lvt.Masked, Lvt.Masked, Lvt.Masked, Lvt.Masked, Lvt.Masked];
    [Field(14)] public uint InitialCount;
    [Field(15)] public byte DivideConfiguration;
    /// <summary>The timer counts down (never in TSC-deadline mode).</summary>
    [Field(16)] public bool IsCounting;
    /// <summary>What the count was at <see cref="StartTick"/>.</summary>
    [Field(17)] public uint CountAtStart;
    /// <summary>Ticks of the undivided clock since power-on at which the present count-down began.</summary>
    [Field(18)] public ulong StartTick;
    /// <summary>IA32_TSC_DEADLINE; 0 when it is not armed.</summary>
    [Field(19)] public ulong TscDeadline;
}
