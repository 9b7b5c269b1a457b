using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.Pit8254;

/// <summary>What the processor sees of the timer and of the port beside it.</summary>
public enum Reg : byte
{
    /// <summary>Counters 0 to 2: the count, its latch, or the latched status.</summary>
    Counter,
    /// <summary>Control word, counter latch and read-back commands.</summary>
    Control,
    /// <summary>Gate of counter 2, speaker, and what can be seen of counters 1 and 2.</summary>
    SystemControl,
}

/// <summary>Layout of the interval timer (Intel 8254 data sheet, order number 231164-005) and of port 61h (82371AB
/// PIIX4, 4.2.4.1).</summary>
public static class Spec
{
    /// <summary>Frequency of the counters' clock in hertz: 14.31818 MHz / 12.</summary>
    public const ulong ClockHz = 1_193_182;
    /// <summary>Ports of the timer.</summary>
    public const int PortCount = 4;
    /// <summary>Counters.</summary>
    public const int CounterCount = 3;
    /// <summary>The counter that interrupts.</summary>
    public const int Tick = 0;
    /// <summary>The counter of the speaker, which has a gate.</summary>
    public const int Speaker = 2;
    /// <summary>Time between two toggles of the refresh bit of port 61h, in nanoseconds.</summary>
    public const long RefreshNs = 15_085;

    /// <summary>The timer's ports.</summary>
    public static RegisterMap<Reg> Timer { get; } = new(PortCount, 0xff,
    [
        //  register           offset width access     reset  name            section
        new(Reg.Counter,       0,     1,    ReadWrite, 0x00,  "Counter 0–2",  "Read operations") { Count = 3, StrideBytes = 1 },
        new(Reg.Control,       3,     1,    WriteOnly, 0x00,  "Control word", "Control word format"),
    ]);

    /// <summary>Port 61h.</summary>
    public static RegisterMap<Reg> System { get; } = new(1, 0xff,
    [
        //  register           offset width access     reset  name            section
        new(Reg.SystemControl, 0,     1,    ReadWrite, 0x00,  "NMISC",        "PIIX4 4.2.4.1") { Writable = 0x0f },
    ]);
}

/// <summary>Bits of port 61h.</summary>
internal static class Port61
{
    public const byte Gate2 = 0x01, Writable = 0x0f, Refresh = 0x10, Out2 = 0x20;
}

/// <summary>Bits of the status byte of the read-back command.</summary>
internal static class Status
{
    public const byte Out = 0x80, NullCount = 0x40;
}
