using Hv.Sdk.Registers;
using Hv.Sdk.State;

namespace Hv.Serial.Uart16550;

/// <summary>Everything a guest can observe or change in the UART. Status, identification and the interrupt are
/// derived.</summary>
[DeviceState("uart16550", 1)]
public sealed partial class Uart16550State
{
    [Field(1)] public byte InterruptEnable;
    [Field(2)] public byte LineControl;
    [Field(3)] public byte ModemControl;
    [Field(4)] public byte FifoControl;
    [Field(5)] public byte Scratch;
    [Field(6)] public ushort Divisor = 1;
    /// <summary>Error bits of the line status register that no read has cleared.</summary>
    [Field(7)] public byte LineErrors;
    /// <summary>Change bits of the modem status register that no read has cleared.</summary>
    [Field(8)] public byte ModemChanges;
    /// <summary>The transmitter emptied and the guest has not been told, or has not looked.</summary>
    [Field(9)] public bool IsTransmitterEmptyPending;
    /// <summary>Bytes lie in the receiver's FIFO for four character times.</summary>
    [Field(10)] public bool IsCharacterTimeout;
    [Field(11)] public ByteFifo Receiver = new();
    /// <summary>Bytes that the backend had no room for.</summary>
    [Field(12)] public ByteFifo Transmitter = new();
}
