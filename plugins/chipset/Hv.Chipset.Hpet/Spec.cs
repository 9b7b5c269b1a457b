using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.Hpet;

/// <summary>Registers of the HPET, with the specification's names.</summary>
public enum Reg : byte
{
    /// <summary>General capabilities and id.</summary>
    Capabilities,
    /// <summary>General configuration.</summary>
    Configuration,
    /// <summary>General interrupt status.</summary>
    InterruptStatus,
    /// <summary>Main counter value.</summary>
    MainCounter,
    /// <summary>Timer n configuration and capabilities.</summary>
    TimerConfiguration,
    /// <summary>Timer n comparator value.</summary>
    TimerComparator,
    /// <summary>Timer n FSB interrupt route.</summary>
    TimerFsbRoute,
}

/// <summary>Layout of the timers (IA-PC HPET Specification 1.0a, October 2004).</summary>
public static class Spec
{
    /// <summary>Length of the region in bytes.</summary>
    public const int LengthBytes = 0x400;
    /// <summary>Timers.</summary>
    public const int TimerCount = 3;
    /// <summary>Frequency of the main counter in hertz.</summary>
    public const ulong CounterHz = 100_000_000;
    /// <summary>Its period in femtoseconds, as the capability register gives it.</summary>
    public const ulong PeriodFs = 10_000_000;
    /// <summary>I/O APIC inputs that a timer may be routed to.</summary>
    public const uint Routes = 0x00f00000;
    /// <summary>First of them.</summary>
    public const int FirstRoute = 20;
    /// <summary>How many.</summary>
    public const int RouteCount = 4;
    /// <summary>Revision 1, three timers, 64-bit counter, legacy replacement, vendor 8086h.</summary>
    public const ulong CapabilitiesValue = PeriodFs << 32 | 0x8086ul << 16 | 1ul << 15 | 1ul << 13 | (TimerCount - 1ul) << 8 | 1;

    /// <summary>The registers.</summary>
    public static RegisterMap<Reg> Map { get; } = new(LengthBytes, 0x00,
    [
        //  register                offset width access           reset              name              section
        new(Reg.Capabilities,       0x000, 8,    ReadOnly,        CapabilitiesValue, "GCAP_ID",        "2.3.4"),
        new(Reg.Configuration,      0x010, 8,    ReadWrite,       0,                 "GEN_CONF",       "2.3.5") { Writable = 3 },
        new(Reg.InterruptStatus,    0x020, 8,    WriteOneToClear, 0,                 "GINTR_STA",      "2.3.6"),
        new(Reg.MainCounter,        0x0f0, 8,    ReadWrite,       0,                 "MAIN_CNT",       "2.3.7"),
        new(Reg.TimerConfiguration, 0x100, 8,    ReadWrite,       0,                 "Tn_CONF",        "2.3.8") { Count = TimerCount, StrideBytes = 0x20 },
        new(Reg.TimerComparator,    0x108, 8,    ReadWrite,       ulong.MaxValue,    "Tn_COMP",        "2.3.9.1") { Count = TimerCount, StrideBytes = 0x20 },
        new(Reg.TimerFsbRoute,      0x110, 8,    ReadWrite,       0,                 "Tn_FSB_ROUTE",   "2.3.9.2") { Count = TimerCount, StrideBytes = 0x20 },
    ]);
}

/// <summary>Bits of the general configuration register (2.3.5).</summary>
internal static class GeneralConfiguration
{
    public const ulong Enable = 1 << 0, LegacyReplacement = 1 << 1;
}

/// <summary>Bits of a timer's configuration register (2.3.8).</summary>
internal static class TimerConfiguration
{
    public const ulong Level = 1 << 1, InterruptEnable = 1 << 2, Periodic = 1 << 3, PeriodicCapable = 1 << 4, SizeCapable = 1 << 5,
        ValueSet = 1 << 6, Mode32Bit = 1 << 8, FsbEnable = 1 << 14, FsbCapable = 1 << 15;
    public const int RouteShift = 9;
    public const ulong RouteMask = 0x1f;
    public const ulong Writable = Level | InterruptEnable | Periodic | ValueSet | Mode32Bit | RouteMask << RouteShift | FsbEnable;
}
