using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.IoApic;

/// <summary>Registers that the processor sees; the others are reached through them.</summary>
public enum Reg : byte
{
    /// <summary>Selects an indirect register.</summary>
    Select,
    /// <summary>The register that is selected.</summary>
    Window,
    /// <summary>End of interrupt for a vector, version 20h only.</summary>
    EndOfInterrupt,
}

/// <summary>Layout of the I/O APIC (Intel 82093AA data sheet, order number 290566-001; EOI register: 82801DB ICH4 data
/// sheet, 9.5).</summary>
public static class Spec
{
    /// <summary>Size of the register page in bytes.</summary>
    public const int PageBytes = 0x100;
    /// <summary>Interrupt inputs.</summary>
    public const int PinCount = 24;
    /// <summary>Version 20h, 24 redirection entries (3.2.2).</summary>
    public const uint Version = 0x20 | (PinCount - 1) << 16;
    /// <summary>IOAPICID, the selector of the identification register (3.2.1).</summary>
    public const byte IdSelector = 0x00;
    /// <summary>IOAPICVER (3.2.2).</summary>
    public const byte VersionSelector = 0x01;
    /// <summary>IOAPICARB (3.2.3).</summary>
    public const byte ArbitrationSelector = 0x02;
    /// <summary>IOREDTBL: low half of entry n at 10h + 2n, high half after it (3.2.4).</summary>
    public const byte RedirectionSelector = 0x10;

    /// <summary>The registers (3.1).</summary>
    public static RegisterMap<Reg> Map { get; } = new(PageBytes, 0x00,
    [
        //  register            offset width access     reset       name         section
        new(Reg.Select,         0x00,  4,    ReadWrite, 0x00000000, "IOREGSEL",  "3.1.1") { Writable = 0xff },
        new(Reg.Window,         0x10,  4,    ReadWrite, 0x00000000, "IOWIN",     "3.1.2"),
        new(Reg.EndOfInterrupt, 0x40,  4,    WriteOnly, 0x00000000, "EOIR",      "ICH4 9.5.5"),
    ]);
}

/// <summary>Bits of a redirection entry (3.2.4).</summary>
internal static class Redirection
{
    public const ulong Vector = 0xff, DeliveryMode = 7 << 8, Logical = 1 << 11, RemoteIrr = 1 << 14, LevelTriggered = 1 << 15,
        Masked = 1 << 16;
    public const int DestinationShift = 56;
    /// <summary>Delivery status and remote IRR belong to the chip.</summary>
    public const ulong Writable = 0xff00_0000_0001_afff;
    public const ulong Reset = Masked;
}
