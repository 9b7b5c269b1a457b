using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Chipset.Pic8259;

/// <summary>What the processor sees of one 8259A: two ports, and the edge/level register beside it.</summary>
public enum Reg : byte
{
    /// <summary>A0 = 0: ICW1, OCW2 and OCW3 are written; IRR, ISR or the poll byte is read.</summary>
    Command,
    /// <summary>A0 = 1: ICW2 to ICW4 and OCW1 (the mask) are written; the mask is read.</summary>
    Data,
    /// <summary>Which inputs are level-triggered (ELCR).</summary>
    EdgeLevel,
}

/// <summary>Layout of the interrupt controllers (Intel 8259A data sheet, order number 231468-003; ELCR: 82371AB PIIX4,
/// 4.2.2).</summary>
public static class Spec
{
    /// <summary>Two ports a controller.</summary>
    public const int PortCount = 2;
    /// <summary>Index of the master.</summary>
    public const int Master = 0;
    /// <summary>Index of the slave.</summary>
    public const int Slave = 1;
    /// <summary>The master's input that the slave drives.</summary>
    public const int CascadeInput = 2;

    /// <summary>One controller's ports.</summary>
    public static RegisterMap<Reg> Ports { get; } = new(PortCount, 0xff,
    [
        //  register        offset width access     reset  name              section
        new(Reg.Command,    0,     1,    ReadWrite, 0x00,  "ICW1/OCW2/OCW3", "Programming the 8259A"),
        new(Reg.Data,       1,     1,    ReadWrite, 0x00,  "ICW2–4/OCW1",    "Programming the 8259A"),
    ]);

    /// <summary>The edge/level registers of both.</summary>
    public static RegisterMap<Reg> EdgeLevel { get; } = new(PortCount, 0xff,
    [
        //  register        offset width access     reset  name              section
        new(Reg.EdgeLevel,  0,     1,    ReadWrite, 0x00,  "ELCR1/ELCR2",    "PIIX4 4.2.2") { Count = 2, StrideBytes = 1 },
    ]);

    /// <summary>Inputs that may be level-triggered: not the timer, keyboard, cascade, RTC and FPU.</summary>
    public static byte EdgeLevelWritable(int controller) => controller == Master ? (byte)0xf8 : (byte)0xde;
}

/// <summary>Bits of the first initialization command word.</summary>
internal static class Icw1
{
    public const byte NeedsIcw4 = 0x01, Single = 0x02, LevelTriggered = 0x08, Marker = 0x10;
}

/// <summary>Bits of the fourth initialization command word.</summary>
internal static class Icw4
{
    public const byte AutomaticEoi = 0x02, SpecialFullyNested = 0x10;
}

/// <summary>Bits of the third operation command word.</summary>
internal static class Ocw3
{
    public const byte ReadInService = 0x01, SelectRead = 0x02, Poll = 0x04, Marker = 0x08, SpecialMask = 0x20,
        SelectSpecialMask = 0x40;
}
