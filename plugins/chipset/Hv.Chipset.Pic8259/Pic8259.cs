using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Chipset.Pic8259;

/// <summary>The two cascaded 8259A interrupt controllers of a PC: sixteen inputs, one output to the
/// processor.</summary>
// Deviation: the MCS-80/85 mode (ICW4 bit 0 clear) acknowledges as the 8086 mode does; buffered mode has no effect.
// Deviation: an edge stays a request when its line falls before the acknowledge cycle; the chip would give the spurious
// vector. Devices that signal by a pulse rely on it.
public sealed class Pic8259(Pic8259Options options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>, IIrqHandler,
    IInterruptAcknowledge, IAcpiContributor
{
    private const int EdgeLevelToken = 2;
    private const int InputCount = 16;

    private readonly Controller[] controllers = new Controller[2];
    private IrqInputs inputs;
    private IrqLine intr;
    private IStrand strand = null!;

    /// <inheritdoc/>
    public string StateId => Pic8259State.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => Pic8259State.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => Pic8259State.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        for (int i = 0; i < controllers.Length; i++) controllers[i] = new Controller(this, i == Spec.Master);
        strand = context.Strand;
        inputs = context.IrqIn("irq", InputCount, this);
        intr = context.IrqOut("intr");
        _ = context.MapPorts("master", options.MasterPort, Spec.PortCount, this, Spec.Master);
        _ = context.MapPorts("slave", options.SlavePort, Spec.PortCount, this, Spec.Slave);
        _ = context.MapPorts("edge-level", options.EdgeLevelPort, Spec.PortCount, this, EdgeLevelToken);
        context.Provide<IInterruptAcknowledge>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        foreach (Controller controller in controllers) controller.State = new ControllerState();
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer)
    {
        Pic8259State state = new();
        for (int i = 0; i < controllers.Length; i++) state.Controllers[i] = controllers[i].State;
        state.Save(writer);
    }

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        Pic8259State state = Pic8259State.Load(reader);
        for (int i = 0; i < controllers.Length; i++) controllers[i].State = state.Controllers[i];
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private Controller MasterChip => controllers[Spec.Master];
    private Controller SlaveChip => controllers[Spec.Slave];

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        if (access.Token == EdgeLevelToken) return Spec.EdgeLevel.Read(this, access, out value);
        IoStatus status = Spec.Ports.Read(controllers[access.Token], access, out value);
        if (!access.IsDebug) UpdateInterrupt();
        return status;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        IoStatus status = access.Token == EdgeLevelToken ? Spec.EdgeLevel.Write(this, access, value)
            : Spec.Ports.Write(controllers[access.Token], access, value);
        UpdateInterrupt();
        return status;
    }

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => controllers[index].State.EdgeLevel;

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value) =>
        controllers[index].State.EdgeLevel = (byte)((byte)value & Spec.EdgeLevelWritable(index));

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level)
    {
        // Input 2 of the master is the slave's; a board's line on it goes nowhere.
        if (level && pin != Spec.CascadeInput) controllers[pin >> 3].InputRose(pin & 7);
        UpdateInterrupt();
    }

    /// <summary>The lines of one controller as they are now.</summary>
    internal byte Levels(bool isMaster)
    {
        int first = isMaster ? 0 : 8, levels = 0;
        for (int i = 0; i < 8; i++)
            if (inputs[first + i]) levels |= 1 << i;
        if (!isMaster) return (byte)levels;
        levels &= ~(1 << Spec.CascadeInput);
        return (byte)(SlaveChip.IsAsserted ? levels | 1 << Spec.CascadeInput : levels);
    }

    private void UpdateInterrupt() => intr.Set(MasterChip.IsAsserted);

    /// <inheritdoc/>
    public bool IsAsserted
    {
        get
        {
            using StrandScope scope = strand.Enter();
            return MasterChip.IsAsserted;
        }
    }

    /// <inheritdoc/>
    public byte Acknowledge()
    {
        using StrandScope scope = strand.Enter();
        int input = MasterChip.Acknowledge();
        // An acknowledge of input 2 passes on to the slave, which may find its own request gone.
        bool isSlaves = input == Spec.CascadeInput;
        byte vector = isSlaves ? SlaveChip.Vector(SlaveChip.Acknowledge()) : MasterChip.Vector(input);
        UpdateInterrupt();
        return vector;
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        builder.Fadt.HasPic = true;
        ResourceTemplate resources = new ResourceTemplate().Io(options.MasterPort, Spec.PortCount)
            .Io(options.SlavePort, Spec.PortCount).Io(options.EdgeLevelPort, Spec.PortCount).Irq(Spec.CascadeInput);
        builder.SystemBus(new AmlWriter().Device(
            "PIC", d => d.HardwareId("PNP0000").Name("_CRS", resources)).ToArray());
    }
}
