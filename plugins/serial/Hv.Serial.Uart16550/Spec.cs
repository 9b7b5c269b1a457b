using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Serial.Uart16550;

/// <summary>Registers of the 16550A, with their data sheet names.</summary>
public enum Reg : byte
{
    /// <summary>The oldest byte received.</summary>
    ReceiverBuffer,
    /// <summary>The byte to send.</summary>
    TransmitterHolding,
    /// <summary>Baud divisor, low byte.</summary>
    DivisorLow,
    /// <summary>Baud divisor, high byte.</summary>
    DivisorHigh,
    /// <summary>Which interrupts are enabled.</summary>
    InterruptEnable,
    /// <summary>The interrupt of highest priority.</summary>
    InterruptIdentification,
    /// <summary>FIFO enable, reset and trigger level.</summary>
    FifoControl,
    /// <summary>Word length, parity, stop bits, break, divisor latch access.</summary>
    LineControl,
    /// <summary>DTR, RTS, OUT1, OUT2, loopback.</summary>
    ModemControl,
    /// <summary>Data ready, errors, transmitter empty.</summary>
    LineStatus,
    /// <summary>Modem inputs and their changes.</summary>
    ModemStatus,
    /// <summary>Nothing but a byte of storage.</summary>
    Scratch,
}

/// <summary>Layout of the 16550A (PC16550D data sheet, National Semiconductor, June 1995).</summary>
public static class Spec
{
    /// <summary>Ports that the chip decodes.</summary>
    public const int PortCount = 8;

    /// <summary>The crystal of PC serial ports, in hertz.</summary>
    public const ulong CrystalHz = 1_843_200;

    private static readonly Register<Reg>[] Common =
    [
        //  register                     offset width access     reset  name   section
        new(Reg.FifoControl,             2,     1,    WriteOnly, 0x00, "FCR", "8.5"),
        new(Reg.InterruptIdentification, 2,     1,    ReadToClear, 0x01, "IIR", "8.6"),
        new(Reg.LineControl,             3,     1,    ReadWrite, 0x00, "LCR", "8.1"),
        new(Reg.ModemControl,            4,     1,    ReadWrite, 0x00, "MCR", "8.8") { Writable = 0x1f },
        new(Reg.LineStatus,              5,     1,    ReadToClear, 0x60, "LSR", "8.4"),
        new(Reg.ModemStatus,             6,     1,    ReadToClear, 0xb0, "MSR", "8.9"),
        new(Reg.Scratch,                 7,     1,    ReadWrite, 0x00, "SCR", "8.10"),
    ];

    /// <summary>The registers while LCR's divisor latch access bit is clear.</summary>
    public static RegisterMap<Reg> Normal { get; } = new(PortCount, 0xff,
    [
        new(Reg.ReceiverBuffer,          0,     1,    ReadToClear, 0x00, "RBR", "8.0"),
        new(Reg.TransmitterHolding,      0,     1,    WriteOnly, 0x00, "THR", "8.0"),
        new(Reg.InterruptEnable,         1,     1,    ReadWrite, 0x00, "IER", "8.7") { Writable = 0x0f },
        .. Common,
    ]);

    /// <summary>The registers while it is set.</summary>
    public static RegisterMap<Reg> DivisorLatch { get; } = new(PortCount, 0xff,
    [
        new(Reg.DivisorLow,              0,     1,    ReadWrite, 0x01, "DLL", "8.3"),
        new(Reg.DivisorHigh,             1,     1,    ReadWrite, 0x00, "DLM", "8.3"),
        .. Common,
    ]);
}

/// <summary>Bits of the interrupt enable register (8.7).</summary>
internal static class Ier
{
    public const byte ReceivedData = 0x01, TransmitterEmpty = 0x02, LineStatus = 0x04, ModemStatus = 0x08;
}

/// <summary>Values of the interrupt identification register, highest priority first (8.6, table III).</summary>
internal static class Iir
{
    public const byte LineStatus = 0x06, ReceivedData = 0x04, CharacterTimeout = 0x0c, TransmitterEmpty = 0x02,
        ModemStatus = 0x00, None = 0x01, FifosEnabled = 0xc0;
}

/// <summary>Bits of the FIFO control register (8.5).</summary>
internal static class Fcr
{
    public const byte Enable = 0x01, ResetReceiver = 0x02, ResetTransmitter = 0x04, DmaMode = 0x08, Trigger = 0xc0;
}

/// <summary>Bits of the line control register (8.1).</summary>
internal static class Lcr
{
    public const byte WordLength = 0x03, TwoStopBits = 0x04, Parity = 0x08, DivisorLatchAccess = 0x80;
}

/// <summary>Bits of the modem control register (8.8).</summary>
internal static class Mcr
{
    public const byte Dtr = 0x01, Rts = 0x02, Out1 = 0x04, Out2 = 0x08, Loopback = 0x10;
}

/// <summary>Bits of the line status register (8.4).</summary>
internal static class Lsr
{
    public const byte DataReady = 0x01, Overrun = 0x02, Errors = 0x1e, HoldingEmpty = 0x20, TransmitterEmpty = 0x40;
}

/// <summary>Bits of the modem status register (8.9).</summary>
internal static class Msr
{
    public const byte TrailingEdgeRing = 0x04, Cts = 0x10, Dsr = 0x20, Ring = 0x40, CarrierDetect = 0x80;
}
