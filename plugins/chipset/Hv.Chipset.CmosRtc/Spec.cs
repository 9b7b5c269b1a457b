using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.CmosRtc;

/// <summary>The ports of the clock.</summary>
public enum Reg : byte
{
    /// <summary>Selects a byte of the clock or of the first 128 bytes of CMOS.</summary>
    Index,
    /// <summary>The byte that is selected.</summary>
    Data,
    /// <summary>Selects a byte of the second 128 bytes of CMOS.</summary>
    ExtendedIndex,
    /// <summary>The byte that is selected there.</summary>
    ExtendedData,
}

/// <summary>Layout of the clock (Motorola MC146818A data sheet, 1984; second bank: 82371AB PIIX4, 4.2.5).</summary>
public static class Spec
{
    /// <summary>Ports of the clock and of the second bank.</summary>
    public const int PortCount = 4;
    /// <summary>Bytes of one bank.</summary>
    public const int BankBytes = 128;
    /// <summary>Time before an update during which update-in-progress is set, in nanoseconds ("Update cycle": 244
    /// µs).</summary>
    public const long UpdateInProgressNs = 244_000;
    /// <summary>Where PCs keep the century.</summary>
    public const int Century = 0x32;

    /// <summary>The ports.</summary>
    public static RegisterMap<Reg> Ports { get; } = new(PortCount, 0xff,
    [
        //  register           offset width access     reset  name        section
        new(Reg.Index,         0,     1,    WriteOnly, 0x00,  "RTCI",     "PIIX4 4.2.5.1"),
        new(Reg.Data,          1,     1,    ReadWrite, 0x00,  "RTCD",     "PIIX4 4.2.5.2"),
        new(Reg.ExtendedIndex, 2,     1,    ReadWrite, 0x00,  "RTCEI",    "PIIX4 4.2.5.3") { Writable = 0x7f },
        new(Reg.ExtendedData,  3,     1,    ReadWrite, 0x00,  "RTCED",    "PIIX4 4.2.5.4"),
    ]);
}

/// <summary>Bytes of the clock (MC146818A, "Address map").</summary>
internal static class Cell
{
    public const int Seconds = 0x00, SecondsAlarm = 0x01, Minutes = 0x02, MinutesAlarm = 0x03, Hours = 0x04, HoursAlarm = 0x05,
        Weekday = 0x06, Day = 0x07, Month = 0x08, Year = 0x09, A = 0x0a, B = 0x0b, C = 0x0c, D = 0x0d;
}

/// <summary>Bits of register A.</summary>
internal static class A
{
    public const byte UpdateInProgress = 0x80, DividerReset = 0x60, RateSelect = 0x0f, PowerOn = 0x26;
}

/// <summary>Bits of register B; the enables are the flags of register C.</summary>
internal static class B
{
    public const byte Set = 0x80, SquareWave = 0x08, Binary = 0x04, TwentyFourHours = 0x02, PowerOn = TwentyFourHours;
}

/// <summary>Bits of register C, and of register B for their enables.</summary>
internal static class Flag
{
    public const byte Periodic = 0x40, Alarm = 0x20, Update = 0x10, Any = 0x80, All = Periodic | Alarm | Update;
}
