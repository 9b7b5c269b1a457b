using System.Numerics;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;

namespace Hv.Chipset.Pic8259;

/// <summary>One 8259A. The pair wires the slave's INT to the master's input 2.</summary>
internal sealed class Controller : IRegisterFile<Reg>
{
    private readonly Pic8259 pair;
    private readonly bool isMaster;

    public Controller(Pic8259 pair, bool isMaster) => (this.pair, this.isMaster) = (pair, isMaster);

    public ControllerState State { get; set; } = new();

    /// <summary>Inputs that are high now; bit 2 of the master is the slave's INT.</summary>
    public byte Levels => pair.Levels(isMaster);

    /// <summary>Inputs whose request follows the line; the slave's INT is one, whatever the mode.</summary>
    private byte LevelTriggered => (State.Icw1 & Icw1.LevelTriggered) != 0 ? (byte)0xff
        : (byte)(State.EdgeLevel | (isMaster ? 1 << Spec.CascadeInput : 0));

    /// <summary>The interrupt request register.</summary>
    public byte Requests => (byte)((State.EdgeRequests & ~LevelTriggered) | (Levels & LevelTriggered));

    /// <summary>INT: an unmasked request of higher priority than what is in service.</summary>
    public bool IsAsserted => Highest() >= 0;

    /// <summary>Distance from the highest priority: 0 is served first.</summary>
    private int Rank(int input) => (input - State.LowestPriority - 1) & 7;

    private int HighestOf(byte bits)
    {
        if (bits == 0) return -1;
        int first = (State.LowestPriority + 1) & 7;
        int rotated = (bits >> first | bits << (8 - first)) & 0xff;
        return (BitOperations.TrailingZeroCount(rotated) + first) & 7;
    }

    /// <summary>The input whose request INT announces; −1 when there is none.</summary>
    private int Highest()
    {
        int request = HighestOf((byte)(Requests & ~State.Mask));
        if (request < 0) return -1;
        byte blocking = State.InService;
        // Special mask mode: what is masked does not block lower priorities.
        if (State.IsSpecialMask) blocking &= (byte)~State.Mask;
        int service = HighestOf(blocking);
        if (service < 0) return request;
        // Special fully nested: another request of the slave in service gets through to the master.
        bool isNested = isMaster && (State.Icw4 & Icw4.SpecialFullyNested) != 0 && request == Spec.CascadeInput
            && service == request;
        return Rank(request) < Rank(service) || isNested ? request : -1;
    }

    /// <summary>An input rose: a request until it is acknowledged.</summary>
    public void InputRose(int input) => State.EdgeRequests |= (byte)(1 << input);

    /// <summary>The acknowledge cycle: the input taken, or 7 for the spurious vector when the request has
    /// gone.</summary>
    public int Acknowledge()
    {
        int input = Highest();
        if (input < 0) return 7;
        byte bit = (byte)(1 << input);
        State.EdgeRequests &= (byte)~bit;
        if ((State.Icw4 & Icw4.AutomaticEoi) == 0) State.InService |= bit;
        else if (State.RotatesOnAutomaticEoi) State.LowestPriority = (byte)input;
        return input;
    }

    public byte Vector(int input) => (byte)(State.VectorBase | input);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index)
    {
        if (register == Reg.Data) return State.Mask;
        if (State.IsPolled) return PollByte(Highest());
        return State.ReadsInService ? State.InService : Requests;
    }

    private static byte PollByte(int input) => input < 0 ? (byte)0 : (byte)(0x80 | input);

    /// <inheritdoc/>
    public ulong Read(Reg register, int index)
    {
        if (register == Reg.Data || !State.IsPolled) return Peek(register, index);
        // A poll is an acknowledge cycle that software runs.
        State.IsPolled = false;
        byte value = PollByte(Highest());
        if (value != 0) _ = Acknowledge();
        return value;
    }

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        byte b = (byte)value;
        if (register == Reg.Data) WriteData(b);
        else if ((b & Icw1.Marker) != 0) Initialize(b);
        else if ((b & Ocw3.Marker) != 0) WriteOcw3(b);
        else WriteOcw2(b);
    }

    private void Initialize(byte icw1)
    {
        // "Initialization command words", a to f. Edge sense is cleared too: an input must fall and rise again.
        State.EdgeRequests = State.InService = State.Mask = State.Icw4 = 0;
        State.LowestPriority = 7;
        State.RotatesOnAutomaticEoi = State.IsSpecialMask = State.ReadsInService = State.IsPolled = false;
        State.Icw1 = icw1;
        State.NextIcw = 2;
    }

    private void WriteData(byte value)
    {
        switch (State.NextIcw)
        {
            case 2:
                State.VectorBase = (byte)(value & 0xf8);
                State.NextIcw = NextAfter(2);
                break;
            case 3:
                // The wiring of the cascade is the board's: the word is taken and has no effect.
                State.NextIcw = NextAfter(3);
                break;
            case 4:
                State.Icw4 = value;
                State.NextIcw = 0;
                break;
            default:
                State.Mask = value;
                break;
        }
    }

    private byte NextAfter(int word)
    {
        if (word == 2 && (State.Icw1 & Icw1.Single) == 0) return 3;
        return (State.Icw1 & Icw1.NeedsIcw4) != 0 ? (byte)4 : (byte)0;
    }

    private void WriteOcw2(byte value)
    {
        int named = value & 7;
        switch (value >> 5)
        {
            case 0b000: State.RotatesOnAutomaticEoi = false; break;
            case 0b100: State.RotatesOnAutomaticEoi = true; break;
            case 0b001: End(HighestInService(), rotates: false); break;
            case 0b101: End(HighestInService(), rotates: true); break;
            case 0b011: End(named, rotates: false); break;
            case 0b111: End(named, rotates: true); break;
            case 0b110: State.LowestPriority = (byte)named; break;
        }
    }

    /// <summary>A non-specific EOI in special mask mode does not clear masked inputs ("Special mask mode").</summary>
    private int HighestInService() => HighestOf((byte)(State.InService & (State.IsSpecialMask ? ~State.Mask : 0xff)));

    private void End(int input, bool rotates)
    {
        if (input < 0) return;
        State.InService &= (byte)~(1 << input);
        if (rotates) State.LowestPriority = (byte)input;
    }

    private void WriteOcw3(byte value)
    {
        if ((value & Ocw3.SelectSpecialMask) != 0) State.IsSpecialMask = (value & Ocw3.SpecialMask) != 0;
        if ((value & Ocw3.SelectRead) != 0) State.ReadsInService = (value & Ocw3.ReadInService) != 0;
        State.IsPolled = (value & Ocw3.Poll) != 0;
    }
}
