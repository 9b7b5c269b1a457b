using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Input;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Input.I8042;

/// <summary>The 8042 keyboard controller of a PC with a PS/2 keyboard and, when asked for, a mouse.</summary>
// Deviation: bytes come as soon as the output buffer is free, without the serial line's delay; each still makes an edge
// of its own. Deviation: the input buffer is never full, and time-outs and parity errors never arise. Passwords (A4h to
// A6h) are not kept.
public sealed class I8042(I8042Options options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>, IKeyboard, IMouse,
    IAcpiContributor
{
    private const int DataToken = 0;
    private const int CommandToken = 1;

    private readonly Keyboard keyboard = new();
    private readonly Mouse mouse = new();
    private I8042State state = new();
    private IDeviceContext context = null!;
    private IrqLine irq1;
    private IrqLine irq12;
    private IrqLine a20;

    /// <inheritdoc/>
    public string StateId => I8042State.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => I8042State.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => I8042State.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        irq1 = context.IrqOut("irq1");
        irq12 = context.IrqOut("irq12");
        a20 = context.IrqOut("a20");
        _ = context.MapPorts("data", options.DataPort, 1, this, DataToken);
        _ = context.MapPorts("command", options.CommandPort, 1, this, CommandToken);
        context.Provide<IKeyboard>(this);
        if (options.Mouse) context.Provide<IMouse>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        I8042State fresh = new();
        // What firmware leaves behind: tested, translating, both interrupts off.
        fresh.Memory[0] = CommandByte.System | CommandByte.Translate | CommandByte.AuxiliaryDisabled;
        Use(fresh);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader) => Use(I8042State.Load(reader));

    private void Use(I8042State taken)
    {
        state = taken;
        keyboard.State = taken.Keyboard;
        mouse.State = taken.Mouse;
        UpdateLines();
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Map(access).Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Map(access).Write(this, access, value);

    private static RegisterMap<Reg> Map(in IoAccess access) =>
        access.Token == DataToken ? Spec.DataPort : Spec.CommandPort;

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register == Reg.Status ? StatusByte : state.OutputBuffer;

    /// <inheritdoc/>
    public ulong Read(Reg register, int index)
    {
        ulong value = Peek(register, index);
        if (register != Reg.Data || state.OutputSource == OutputSource.None) return value;
        state.OutputSource = OutputSource.None;
        UpdateLines();
        Pump();
        return value;
    }

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        state.LastWasCommand = register == Reg.Command;
        if (register == Reg.Command) Execute((byte)value);
        else WriteData((byte)value);
        UpdateLines();
        Pump();
    }

    private ref byte Configuration => ref state.Memory[0];

    private byte StatusByte =>
        (byte)(Status.NotInhibited | (state.OutputSource != OutputSource.None ? Status.OutputFull : 0)
        | (state.OutputSource == OutputSource.Auxiliary ? Status.Auxiliary : 0)
            | (state.LastWasCommand ? Status.LastWasCommand : 0)
        | ((Configuration & CommandByte.System) != 0 ? Status.System : 0));

    // --- commands ---

    private void Execute(byte command)
    {
        state.PendingCommand = 0;
        switch (command)
        {
            case >= Command.ReadMemory and < Command.ReadMemory + 0x20: Answer(state.Memory[command & 0x1f]); break;
            case >= Command.WriteMemory and < Command.WriteMemory + 0x20: state.PendingCommand = command; break;
            case Command.DisableAuxiliary: Configuration |= CommandByte.AuxiliaryDisabled; break;
            case Command.EnableAuxiliary
                when options.Mouse: Configuration &= unchecked((byte)~CommandByte.AuxiliaryDisabled); break;
            case Command.TestAuxiliary when options.Mouse: Answer(0x00); break;
            case Command.SelfTest: SelfTest(); break;
            case Command.TestKeyboard: Answer(0x00); break;
            case Command.DisableKeyboard: Configuration |= CommandByte.KeyboardDisabled; break;
            case Command.EnableKeyboard: Configuration &= unchecked((byte)~CommandByte.KeyboardDisabled); break;
            case Command.ReadInputPort: Answer(0x80); break;
            case Command.ReadOutputPort: Answer(OutputPortByte); break;
            case Command.WriteOutputPort or Command.WriteOutputBuffer: state.PendingCommand = command; break;
            case Command.WriteAuxiliaryBuffer or Command.WriteAuxiliary
                when options.Mouse: state.PendingCommand = command; break;
            case >= Command.PulseOutput:
                if ((command & OutputPort.NotReset) == 0) ResetMachine();
                break;
        }
    }

    private void SelfTest()
    {
        Configuration = CommandByte.System | CommandByte.Translate | CommandByte.KeyboardDisabled
            | CommandByte.AuxiliaryDisabled;
        Answer(0x55);
    }

    private void Answer(byte value) => _ = state.Replies.TryPush(value);

    private void WriteData(byte value)
    {
        byte command = state.PendingCommand;
        state.PendingCommand = 0;
        switch (command)
        {
            case 0:
                // Sending to the keyboard enables its port.
                Configuration &= unchecked((byte)~CommandByte.KeyboardDisabled);
                keyboard.Command(value);
                break;
            case Command.WriteOutputPort: WriteOutputPort(value); break;
            case Command.WriteOutputBuffer: Answer(value); break;
            case Command.WriteAuxiliaryBuffer: _ = state.AuxiliaryReplies.TryPush(value); break;
            case Command.WriteAuxiliary:
                Configuration &= unchecked((byte)~CommandByte.AuxiliaryDisabled);
                mouse.Command(value);
                break;
            default:
                state.Memory[command & 0x1f] = value;
                // Without a mouse the port stays off, which is how software finds out.
                if (!options.Mouse) Configuration |= CommandByte.AuxiliaryDisabled;
                break;
        }
    }

    private byte OutputPortByte =>
        (byte)(OutputPort.NotReset | OutputPort.Idle | (state.IsA20Enabled ? OutputPort.A20 : 0)
        | (state.OutputSource == OutputSource.Keyboard ? OutputPort.KeyboardFull : 0)
        | (state.OutputSource == OutputSource.Auxiliary ? OutputPort.AuxiliaryFull : 0));

    private void WriteOutputPort(byte value)
    {
        state.IsA20Enabled = (value & OutputPort.A20) != 0;
        if ((value & OutputPort.NotReset) == 0) ResetMachine();
    }

    private void ResetMachine() =>
        context.Machine.RequestReset(ResetKind.Warm, "the keyboard controller pulled the reset line");

    // --- output buffer ---

    /// <summary>Fills the output buffer when it is empty: answers of the controller first, then keyboard, then
    /// mouse.</summary>
    private void Pump()
    {
        if (state.OutputSource != OutputSource.None) return;
        bool hasKeyboard = (Configuration & CommandByte.KeyboardDisabled) == 0;
        bool hasMouse = (Configuration & CommandByte.AuxiliaryDisabled) == 0;
        if (!state.Replies.IsEmpty) Output(state.Replies.Pop(), OutputSource.Keyboard);
        else if (!state.AuxiliaryReplies.IsEmpty) Output(state.AuxiliaryReplies.Pop(), OutputSource.Auxiliary);
        else if (hasKeyboard && TryTakeKey(out byte key)) Output(key, OutputSource.Keyboard);
        else if (hasMouse && mouse.TryTake(out byte motion)) Output(motion, OutputSource.Auxiliary);
    }

    private void Output(byte value, OutputSource source)
    {
        state.OutputBuffer = value;
        state.OutputSource = source;
        UpdateLines();
    }

    /// <summary>The next byte of the keyboard; translation swallows the break prefix and sets bit 7 of the code after
    /// it.</summary>
    private bool TryTakeKey(out byte value)
    {
        while (keyboard.TryTake(out value))
        {
            if ((Configuration & CommandByte.Translate) == 0) return true;
            if (value == ScanCodes.Break)
            {
                state.TranslatesBreak = true;
                continue;
            }
            value = ScanCodes.Translate(value);
            if (state.TranslatesBreak) value |= ScanCodes.BreakBit;
            state.TranslatesBreak = false;
            return true;
        }
        return false;
    }

    private void UpdateLines()
    {
        irq1.Set(state.OutputSource == OutputSource.Keyboard && (Configuration & CommandByte.KeyboardInterrupt) != 0);
        irq12.Set(state.OutputSource == OutputSource.Auxiliary
            && (Configuration & CommandByte.AuxiliaryInterrupt) != 0);
        a20.Set(state.IsA20Enabled);
    }

    // --- the person's side ---

    /// <inheritdoc/>
    public void Key(ushort usage, bool isDown)
    {
        using StrandScope scope = context.Strand.Enter();
        keyboard.Key(usage, isDown);
        Pump();
    }

    /// <inheritdoc/>
    public void Move(int right, int down, int wheel, byte buttons)
    {
        using StrandScope scope = context.Strand.Enter();
        mouse.Move(right, down, wheel, buttons);
        Pump();
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        builder.Fadt.HasKeyboardController = true;
        ResourceTemplate keyboardResources =
            new ResourceTemplate().Io(options.DataPort, 1).Io(options.CommandPort, 1).Irq(1);
        AmlWriter aml = new AmlWriter().Device("KBD", d => d.HardwareId("PNP0303").Name("_CRS", keyboardResources));
        if (options.Mouse) _ =
            aml.Device("MOU", d => d.HardwareId("PNP0F13").Name("_CRS", new ResourceTemplate().Irq(12)));
        builder.SystemBus(aml.ToArray());
    }
}
