using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Chipset.Hpet;

/// <summary>One comparator.</summary>
[DeviceState("hpet-timer", 1)]
public sealed partial class HpetTimerState
{
    /// <summary>The writable bits of Tn_CONF.</summary>
    [Field(1)] public ulong Configuration;
    [Field(2)] public ulong Comparator = ulong.MaxValue;
    /// <summary>Ticks between periodic interrupts.</summary>
    [Field(3)] public ulong Period;
    [Field(4)] public ulong FsbRoute;
}

/// <summary>Everything a guest can observe or change. The main counter is derived from virtual time while it
/// runs.</summary>
[DeviceState("hpet", 1)]
public sealed partial class HpetState
{
    [Field(1)] public ulong Configuration;
    /// <summary>Interrupts of level-triggered timers that are active.</summary>
    [Field(2)] public byte InterruptStatus;
    /// <summary>The counter when it was last started, stopped or set.</summary>
    [Field(3)] public ulong CounterBase;
    /// <summary>When that was.</summary>
    [Field(4)] public VmTime CounterSince;
    [Field(5)] public HpetTimerState[] Timers = [new(), new(), new()];
}
