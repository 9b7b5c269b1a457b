using Hv.Sdk.State;

namespace Hv.Chipset.Pit8254;

/// <summary>The state of the timer and of port 61h.</summary>
[DeviceState("pit8254", 1)]
public sealed partial class Pit8254State
{
    [Field(1)] public readonly CounterState[] Counters = [new(), new(), new()];
    /// <summary>Bits 3–0 of port 61h.</summary>
    [Field(2, Maximum = Port61.Writable)] public byte SystemControl;
}

/// <summary>What a counter does between two programmings.</summary>
public enum CounterPhase : byte
{
    /// <summary>It has no count, or half of one.</summary>
    Idle,
    /// <summary>It waits for its gate to rise.</summary>
    AwaitsGate,
    /// <summary>It counts from <see cref="CounterState.StartCount"/> since
    /// <see cref="CounterState.StartTick"/>.</summary>
    Running,
    /// <summary>Its gate is low: it stands at <see cref="CounterState.StartCount"/>.</summary>
    Held,
}

/// <summary>Everything a guest can observe or change in one counter. The count itself follows from the clock.</summary>
[DeviceState("pit8254-counter", 1)]
public sealed partial class CounterState
{
    /// <summary>Bits 5–0 of the control word: access, mode, BCD.</summary>
    [Field(1, Maximum = 0x3f)] public byte Control = 0x30;
    /// <summary>The count written last, in binary; 0 is the largest.</summary>
    [Field(2)] public ushort CountRegister;
    [Field(3)] public byte LowByte;
    [Field(4)] public bool WritesHighNext;
    [Field(5)] public bool ReadsHighNext;
    [Field(6)] public ushort Latch;
    /// <summary>Bytes of the latch that were not read.</summary>
    [Field(7, Maximum = 2)] public byte LatchedBytes;
    [Field(8)] public byte LatchedStatus;
    [Field(9)] public bool IsStatusLatched;
    [Field(10)] public bool Gate;
    [Field(11, Maximum = (ulong)CounterPhase.Held)] public CounterPhase Phase;
    /// <summary>Clock tick since power-on at which <see cref="StartCount"/> was in the counter.</summary>
    [Field(12)] public ulong StartTick;
    [Field(13, Maximum = 65536)] public uint StartCount;
    /// <summary>Tick at which a periodic counter goes over to a new count; 0 when there is none.</summary>
    [Field(14)] public ulong ReloadTick;
    /// <summary>The terminal count was reached before <see cref="StartTick"/>.</summary>
    [Field(15)] public bool HasExpired;
}
