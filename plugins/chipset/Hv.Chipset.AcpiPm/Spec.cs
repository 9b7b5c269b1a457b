using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.AcpiPm;

/// <summary>Registers of the fixed hardware, with the specification's names.</summary>
public enum Reg : byte
{
    /// <summary>PM1 events that happened.</summary>
    Pm1Status,
    /// <summary>PM1 events that raise the SCI.</summary>
    Pm1Enable,
    /// <summary>SCI enable, sleep type, sleep enable.</summary>
    Pm1Control,
    /// <summary>The power management timer.</summary>
    PmTimer,
    /// <summary>General-purpose events that happened.</summary>
    Gpe0Status,
    /// <summary>General-purpose events that raise the SCI.</summary>
    Gpe0Enable,
}

/// <summary>Layout of ACPI fixed hardware (ACPI 6.5, 4.8.3 and 4.8.4).</summary>
public static class Spec
{
    /// <summary>Ports that the block decodes.</summary>
    public const int PortCount = 64;
    /// <summary>Where PM1_EVT_BLK lies in it.</summary>
    public const int Pm1EventOffset = 0x00;
    /// <summary>Where PM1_CNT_BLK lies in it.</summary>
    public const int Pm1ControlOffset = 0x04;
    /// <summary>Where PM_TMR_BLK lies in it.</summary>
    public const int PmTimerOffset = 0x08;
    /// <summary>Where GPE0_BLK lies in it.</summary>
    public const int Gpe0Offset = 0x20;
    /// <summary>Length of GPE0_BLK: two bytes of status, two of enables.</summary>
    public const int Gpe0Bytes = 4;
    /// <summary>General-purpose events.</summary>
    public const int GpeCount = 16;
    /// <summary>Frequency of the timer in hertz (4.8.3.3).</summary>
    public const ulong TimerHz = 3_579_545;
    /// <summary>SLP_TYP value that the DSDT gives for S5.</summary>
    public const int SleepTypeS5 = 5;

    /// <summary>The registers.</summary>
    public static RegisterMap<Reg> Map { get; } = new(PortCount, 0x00,
    [
        //  register        offset width access           reset    name            section
        new(Reg.Pm1Status,  0x00,  2,    WriteOneToClear, 0x0000, "PM1_STS",       "4.8.3.1.1"),
        new(Reg.Pm1Enable,  0x02,  2,    ReadWrite,       0x0000, "PM1_EN",        "4.8.3.1.2") { Writable = 0x0521 },
        new(Reg.Pm1Control, 0x04,  2,    ReadWrite,       0x0001, "PM1_CNT",       "4.8.3.2.1") { Writable = 0x3c02 },
        new(Reg.PmTimer,    0x08,  4,    ReadOnly,        0x0000, "PM_TMR",        "4.8.3.3"),
        new(Reg.Gpe0Status, 0x20,  2,    WriteOneToClear, 0x0000, "GPE0_STS",      "4.8.4.1.1"),
        new(Reg.Gpe0Enable, 0x22,  2,    ReadWrite,       0x0000, "GPE0_EN",       "4.8.4.1.1"),
    ]);
}

/// <summary>Bits of PM1_STS and PM1_EN (4.8.3.1).</summary>
internal static class Pm1
{
    public const ushort Timer = 1 << 0, PowerButton = 1 << 8;
}

/// <summary>Bits of PM1_CNT (4.8.3.2).</summary>
internal static class Control
{
    public const ushort SciEnable = 1 << 0, SleepEnable = 1 << 13;
    public const int SleepTypeShift = 10, SleepTypeMask = 7;
}
