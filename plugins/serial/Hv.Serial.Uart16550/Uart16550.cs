using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Serial.Uart16550;

/// <summary>The 16550A UART of PC serial ports (PC16550D data sheet), with OUT2 gating the interrupt as PCs wire
/// it.</summary>
// Deviation: a byte leaves the transmitter at once when the backend takes it, whatever the baud rate; the interrupt of
// an emptied transmitter still falls and rises for each byte. A backend that is full holds bytes in the FIFO: nothing
// is lost. Deviation: break, parity and framing errors never arise, since a byte stream carries none.
public sealed class Uart16550(Uart16550Options options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>,
ICharListener,
    IAcpiContributor
{
    private static readonly int[] TriggerLevels = [1, 4, 8, 14];

    private Uart16550State state = new();
    private IrqLine irq;
    private IVmClock clock = null!;
    private IVmTimer timeout = null!;
    private ICharPort? chars;
    private Placement placement = Placement.None;

    /// <inheritdoc/>
    public string StateId => Uart16550State.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => Uart16550State.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => Uart16550State.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        placement = context.Placement;
        clock = context.Clock;
        irq = context.IrqOut("irq");
        timeout = context.CreateTimer("character-timeout", OnCharacterTimeout);
        _ = context.MapPorts("registers", options.Port, Spec.PortCount, this, 0);
        chars = context.Backend<ICharPort>("chardev");
        chars?.Listen(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new Uart16550State();
        UpdateInterrupt();
        chars?.ReadyToReceive();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = Uart16550State.Load(reader);
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private RegisterMap<Reg> Map => (state.LineControl & Lcr.DivisorLatchAccess) != 0 ? Spec.DivisorLatch : Spec.Normal;

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Map.Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Map.Write(this, access, value);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.ReceiverBuffer => state.Receiver[0],
        Reg.DivisorLow => (byte)state.Divisor,
        Reg.DivisorHigh => (byte)(state.Divisor >> 8),
        Reg.InterruptEnable => state.InterruptEnable,
        Reg.InterruptIdentification => InterruptIdentification(),
        Reg.LineControl => state.LineControl,
        Reg.ModemControl => state.ModemControl,
        Reg.LineStatus => LineStatus(),
        Reg.ModemStatus => ModemStatus(),
        Reg.Scratch => state.Scratch,
        _ => 0,
    };

    /// <inheritdoc/>
    public ulong Read(Reg register, int index)
    {
        ulong value = Peek(register, index);
        switch (register)
        {
            case Reg.ReceiverBuffer: TakeReceived(); break;
            case Reg.InterruptIdentification: AcknowledgeTransmitterEmpty(value); break;
            case Reg.LineStatus: state.LineErrors = 0; break;
            case Reg.ModemStatus: state.ModemChanges = 0; break;
        }
        UpdateInterrupt();
        return value;
    }

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        byte b = (byte)value;
        switch (register)
        {
            case Reg.TransmitterHolding: Transmit(b); break;
            case Reg.DivisorLow: state.Divisor = (ushort)((state.Divisor & 0xff00) | b); break;
            case Reg.DivisorHigh: state.Divisor = (ushort)((state.Divisor & 0x00ff) | b << 8); break;
            case Reg.InterruptEnable: WriteInterruptEnable(b); break;
            case Reg.FifoControl: WriteFifoControl(b); break;
            case Reg.LineControl: state.LineControl = b; break;
            case Reg.ModemControl: WriteModemControl(b); break;
            case Reg.Scratch: state.Scratch = b; break;
        }
        UpdateInterrupt();
    }

    private bool AreFifosEnabled => (state.FifoControl & Fcr.Enable) != 0;
    private bool IsLoopback => (state.ModemControl & Mcr.Loopback) != 0;
    private int ReceiverCapacity => AreFifosEnabled ? ByteFifo.Capacity : 1;

    // --- receiver ---

    /// <inheritdoc/>
    public int Receive(ReadOnlySpan<byte> values)
    {
        // In loopback the serial input is disconnected (8.8): the host's bytes wait.
        if (IsLoopback) return 0;
        int taken = 0;
        while (taken < values.Length && state.Receiver.Count < ReceiverCapacity) Accept(values[taken++]);
        UpdateInterrupt();
        return taken;
    }

    /// <inheritdoc/>
    public void Resized(int columns, int rows) { }

    private void Accept(byte value)
    {
        if (state.Receiver.Count >= ReceiverCapacity)
        {
            // A full FIFO keeps what it has; without FIFOs the new byte replaces the old one (8.4, bit 1).
            state.LineErrors |= Lsr.Overrun;
            if (AreFifosEnabled) return;
            state.Receiver.Clear();
        }
        _ = state.Receiver.TryPush(value);
        RestartTimeout();
    }

    private void TakeReceived()
    {
        bool wasFull = state.Receiver.Count >= ReceiverCapacity;
        _ = state.Receiver.Pop();
        state.IsCharacterTimeout = false;
        RestartTimeout();
        if (wasFull && !IsLoopback) chars?.ReadyToReceive();
    }

    private void RestartTimeout()
    {
        if (!AreFifosEnabled || state.Receiver.IsEmpty) timeout.Cancel();
        else timeout.Arm(clock.Now.AddNs(4 * CharacterNs));
    }

    private void OnCharacterTimeout(VmTime due)
    {
        state.IsCharacterTimeout = AreFifosEnabled && !state.Receiver.IsEmpty;
        UpdateInterrupt();
    }

    /// <summary>Start bit, word, parity and stop bits at 16 clocks a bit (8.1, 8.3).</summary>
    private long CharacterNs
    {
        get
        {
            int bits = 1 + 5 + (state.LineControl & Lcr.WordLength) + ((state.LineControl & Lcr.Parity) != 0 ? 1 : 0)
                + ((state.LineControl & Lcr.TwoStopBits) != 0 ? 2 : 1);
            ulong clocks = (ulong)bits * 16 * Math.Max(state.Divisor, (ushort)1);
            return (long)(clocks * 1_000_000_000 / Spec.CrystalHz);
        }
    }

    // --- transmitter ---

    private void Transmit(byte value)
    {
        state.IsTransmitterEmptyPending = false;
        UpdateInterrupt();
        if (IsLoopback) Accept(value);
        else if (chars is not null && (!state.Transmitter.IsEmpty || !chars.TrySend(value)))
        {
            // Full although the status register said so: the byte is lost, as on the chip.
            if (state.Transmitter.Count < (AreFifosEnabled ? ByteFifo.Capacity : 1)) _ =
                state.Transmitter.TryPush(value);
            return;
        }
        state.IsTransmitterEmptyPending = true;
    }

    /// <inheritdoc/>
    public void ReadyToSend()
    {
        if (state.Transmitter.IsEmpty) return;
        while (!state.Transmitter.IsEmpty && chars!.TrySend(state.Transmitter[0])) _ = state.Transmitter.Pop();
        if (state.Transmitter.IsEmpty) state.IsTransmitterEmptyPending = true;
        UpdateInterrupt();
    }

    // --- control ---

    private void WriteInterruptEnable(byte value)
    {
        bool enablesTransmitter = (value & ~state.InterruptEnable & Ier.TransmitterEmpty) != 0;
        state.InterruptEnable = value;
        // Enabling the interrupt while the transmitter is empty raises it at once (8.7): drivers start sending that
        // way.
        if (enablesTransmitter && state.Transmitter.IsEmpty) state.IsTransmitterEmptyPending = true;
    }

    private void WriteFifoControl(byte value)
    {
        bool switches = ((value ^ state.FifoControl) & Fcr.Enable) != 0;
        // Other bits count only while bit 0 is written as 1 (8.5).
        state.FifoControl = (value & Fcr.Enable) == 0
            ? (byte)0 : (byte)(value & (Fcr.Enable | Fcr.DmaMode | Fcr.Trigger));
        if (switches || (value & (Fcr.Enable | Fcr.ResetReceiver)) == (Fcr.Enable | Fcr.ResetReceiver))
        {
            state.Receiver.Clear();
            state.IsCharacterTimeout = false;
            timeout.Cancel();
            if (!IsLoopback) chars?.ReadyToReceive();
        }
        if (switches || (value & (Fcr.Enable | Fcr.ResetTransmitter)) == (Fcr.Enable | Fcr.ResetTransmitter))
        {
            if (!state.Transmitter.IsEmpty) state.IsTransmitterEmptyPending = true;
            state.Transmitter.Clear();
        }
    }

    private void WriteModemControl(byte value)
    {
        int before = ModemInputs();
        state.ModemControl = value;
        int after = ModemInputs(), changed = before ^ after;
        // Changes of CTS, DSR and DCD, and the falling edge of RI (8.9, bits 0 to 3).
        state.ModemChanges |= (byte)((changed & ~Msr.Ring) >> 4);
        if ((before & ~after & Msr.Ring) != 0) state.ModemChanges |= Msr.TrailingEdgeRing;
        if (!IsLoopback) chars?.ReadyToReceive();
    }

    // --- derived ---

    /// <summary>A null modem to a terminal that is always there; in loopback the outputs come back (8.8, bit
    /// 4).</summary>
    private int ModemInputs()
    {
        if (!IsLoopback) return Msr.Cts | Msr.Dsr | Msr.CarrierDetect;
        int outputs = state.ModemControl;
        return ((outputs & Mcr.Rts) != 0 ? Msr.Cts : 0) | ((outputs & Mcr.Dtr) != 0 ? Msr.Dsr : 0)
            | ((outputs & Mcr.Out1) != 0 ? Msr.Ring : 0) | ((outputs & Mcr.Out2) != 0 ? Msr.CarrierDetect : 0);
    }

    private byte ModemStatus() => (byte)(ModemInputs() | state.ModemChanges);

    private byte LineStatus() => (byte)((state.Receiver.IsEmpty ? 0 : Lsr.DataReady) | (state.LineErrors & Lsr.Errors)
        | (state.Transmitter.IsEmpty ? Lsr.HoldingEmpty | Lsr.TransmitterEmpty : 0));

    private byte PendingInterrupt()
    {
        byte enabled = state.InterruptEnable;
        if ((enabled & Ier.LineStatus) != 0 && (state.LineErrors & Lsr.Errors) != 0) return Iir.LineStatus;
        if ((enabled & Ier.ReceivedData) != 0)
        {
            int trigger = AreFifosEnabled ? TriggerLevels[state.FifoControl >> 6] : 1;
            if (state.Receiver.Count >= trigger) return Iir.ReceivedData;
            if (state.IsCharacterTimeout) return Iir.CharacterTimeout;
        }
        if ((enabled & Ier.TransmitterEmpty) != 0 && state.IsTransmitterEmptyPending) return Iir.TransmitterEmpty;
        if ((enabled & Ier.ModemStatus) != 0 && (state.ModemChanges & 0x0f) != 0) return Iir.ModemStatus;
        return Iir.None;
    }

    private byte InterruptIdentification() => (byte)(PendingInterrupt() | (AreFifosEnabled ? Iir.FifosEnabled : 0));

    private void AcknowledgeTransmitterEmpty(ulong identification)
    {
        if ((identification & 0x0f) == Iir.TransmitterEmpty) state.IsTransmitterEmptyPending = false;
    }

    /// <summary>PCs gate the chip's INTRPT with OUT2, which loopback forces inactive.</summary>
    private void UpdateInterrupt() =>
        irq.Set(PendingInterrupt() != Iir.None && (state.ModemControl & (Mcr.Out2 | Mcr.Loopback)) == Mcr.Out2);

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        int number = options.Port switch { 0x3f8 => 1, 0x2f8 => 2, 0x3e8 => 3, 0x2e8 => 4, _ => 0 };
        string name = number != 0 ? $"COM{number}" : $"U{options.Port & 0xfff:X3}";
        int line = placement.Gsi ?? (number is 2 or 4 ? 3 : 4);
        ResourceTemplate resources = new ResourceTemplate().Io(options.Port, Spec.PortCount).Irq(line);
        builder.SystemBus(new AmlWriter().Device(name, d => d.HardwareId("PNP0501")
            .Name("_UID", (ulong)(number != 0 ? number : options.Port)).Name("_CRS", resources)).ToArray());
    }
}
