using Hv.Chipset.ResetControl;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Chipset.AcpiPm;

/// <summary>ACPI fixed hardware (ACPI 6.5, 4.8.3): PM1 event and control blocks, a 32-bit timer, a power button,
/// sixteen general-purpose event inputs, soft-off, and the PC's reset register. Always in ACPI mode: there is no SMI
/// command port, so SCI_EN reads as 1.</summary>
// Deviation: sleep states other than S5 are not offered; entering one does nothing.
public sealed class AcpiPm(AcpiPmOptions options)
    : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>, IIrqHandler, IPowerButton, IAcpiContributor
{
    private const int RegisterBlock = 0;
    private const int ResetRegister = 1;
    private static readonly ClockDomain TimerClock = new(Spec.TimerHz);

    private AcpiPmState state = new();
    private IDeviceContext context = null!;
    private IVmTimer overflow = null!;
    private IrqLine sci;

    /// <inheritdoc/>
    public string StateId => AcpiPmState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => AcpiPmState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => AcpiPmState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        _ = context.MapPorts("pm", options.Port, Spec.PortCount, this, RegisterBlock);
        if (options.ResetRegister) _ = context.MapPorts("reset", ResetControlRegister.Port, 1, this, ResetRegister);
        _ = context.IrqIn("gpe", Spec.GpeCount, this);
        sci = context.IrqOut("sci");
        overflow = context.CreateTimer("overflow", _ => UpdateInterrupt());
        context.Provide<IPowerButton>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new AcpiPmState { TimerChangesSeen = TimerChanges };
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = AcpiPmState.Load(reader);
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public void Press()
    {
        using StrandScope scope = context.Strand.Enter();
        state.Status |= Pm1.PowerButton;
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level)
    {
        if (level) state.GpeStatus |= (ushort)(1 << pin);
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        if (access.Token == RegisterBlock) return Spec.Map.Read(this, access, out value);
        value = state.ResetControl;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        if (access.Token == RegisterBlock) return Spec.Map.Write(this, access, value);
        if (access.IsDebug) return IoStatus.Ok;
        ResetControlRegister.Write(ref state.ResetControl, (byte)value, context.Machine);
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Pm1Status => Status,
        Reg.Pm1Enable => state.Enable,
        Reg.Pm1Control => (ulong)(state.Control | Control.SciEnable),
        Reg.PmTimer => (uint)TimerTicks,
        Reg.Gpe0Status => state.GpeStatus,
        _ => state.GpeEnable,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        ushort word = (ushort)value;
        switch (register)
        {
            case Reg.Pm1Status: ClearStatus(word); break;
            case Reg.Pm1Enable: state.Enable = word; break;
            case Reg.Pm1Control: WriteControl(word); break;
            case Reg.Gpe0Status: ClearGpeStatus(word); break;
            case Reg.Gpe0Enable: state.GpeEnable = word; break;
        }
        UpdateInterrupt();
    }

    private void ClearStatus(ushort ones)
    {
        state.Status &= (ushort)~ones;
        if ((ones & Pm1.Timer) != 0) state.TimerChangesSeen = TimerChanges;
    }

    private void ClearGpeStatus(ushort ones) => state.GpeStatus &= (ushort)~ones;

    private void WriteControl(ushort value)
    {
        state.Control = (ushort)(value & ~(Control.SciEnable | Control.SleepEnable));
        int sleepType = (value >> Control.SleepTypeShift) & Control.SleepTypeMask;
        if ((value & Control.SleepEnable) != 0 && sleepType == Spec.SleepTypeS5)
            context.Machine.RequestPowerOff("the guest entered S5 (soft off)");
    }

    private ulong TimerTicks => TimerClock.TicksAt(context.Clock.Now);

    /// <summary>TMR_STS is set whenever the timer's highest bit changes (4.8.3.3).</summary>
    private ulong TimerChanges => TimerTicks >> 31;

    private ushort Status => (ushort)(state.Status | (TimerChanges != state.TimerChangesSeen ? Pm1.Timer : 0));

    private void UpdateInterrupt()
    {
        sci.Set((Status & state.Enable) != 0 || (state.GpeStatus & state.GpeEnable) != 0);
        if ((state.Enable & Pm1.Timer) != 0 && (Status & Pm1.Timer) == 0) overflow.Arm(
            TimerClock.TimeOf((TimerChanges + 1) << 31));
        else overflow.Cancel();
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        FadtFacts fadt = builder.Fadt;
        fadt.SciInterrupt = options.Sci;
        fadt.Pm1aEventPort = (ushort)(options.Port + Spec.Pm1EventOffset);
        fadt.Pm1aControlPort = (ushort)(options.Port + Spec.Pm1ControlOffset);
        fadt.PmTimerPort = (ushort)(options.Port + Spec.PmTimerOffset);
        fadt.IsPmTimer32Bit = true;
        fadt.Gpe0Port = (ushort)(options.Port + Spec.Gpe0Offset);
        fadt.Gpe0Bytes = Spec.Gpe0Bytes;
        fadt.ResetPort = ResetControlRegister.Port;
        fadt.ResetValue = ResetControlRegister.FullReset;
        // The SCI is level-triggered and active high here, unlike an ISA interrupt.
        builder.MadtEntry(MadtEntry.Override(options.Sci, options.Sci, isLevel: true, isActiveLow: false));
        builder.Root(new AmlWriter().Name(
            "_S5", [t => t.Integer(Spec.SleepTypeS5), t => t.Integer(0), t => t.Integer(0), t =>
                t.Integer(0)]).ToArray());
    }
}
