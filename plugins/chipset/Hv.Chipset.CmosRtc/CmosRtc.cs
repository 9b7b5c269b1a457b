using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Chipset.CmosRtc;

/// <summary>The MC146818A real-time clock of a PC with 256 bytes of CMOS memory. The time is the machine's calendar
/// time, in UTC, plus what the guest has set it ahead.</summary>
// Deviation: the weekday follows from the date; daylight saving and the square wave have no effect.
// Deviation: a date that does not exist runs over into the next month when the clock starts again.
public sealed class CmosRtc(CmosRtcOptions options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>,
    IAcpiContributor
{
    private const long SecondNs = 1_000_000_000;
    /// <summary>About 30000 years: farther than two BCD bytes can set the clock.</summary>
    private const long OffsetLimit = 1L << 40;

    private CmosRtcState state = new();
    private IVmClock clock = null!;
    private IVmTimer periodicTimer = null!;
    private IVmTimer updateTimer = null!;
    private IVmTimer alarmTimer = null!;
    private IrqLine irq;
    private Placement placement = Placement.None;

    /// <inheritdoc/>
    public string StateId => CmosRtcState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => CmosRtcState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => CmosRtcState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        clock = context.Clock;
        placement = context.Placement;
        irq = context.IrqOut("irq");
        periodicTimer = context.CreateTimer("periodic", _ => UpdateInterrupt());
        updateTimer = context.CreateTimer("update", _ => UpdateInterrupt());
        alarmTimer = context.CreateTimer("alarm", OnAlarm);
        _ = context.MapPorts("registers", options.Port, Spec.PortCount, this, 0);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        // A battery keeps time and memory; the RESET pin clears enables and flags ("RESET").
        if (kind != ResetKind.Warm) state = new CmosRtcState();
        state.RegisterB &= unchecked((byte)~(Flag.All | B.SquareWave));
        state.Flags = 0;
        LookAtTicks();
        ArmAlarm();
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = CmosRtcState.Load(reader);
        bool isBeyond = state.OffsetSeconds is < -OffsetLimit or > OffsetLimit;
        if (isBeyond || state.SeenTick > PeriodicTick || state.SeenSecond > MachineSecond)
            throw new StateException("the clock's state does not fit the machine's time");
        irq.Set(IsInterrupting);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Spec.Ports.Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Spec.Ports.Write(this, access, value);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Data => ReadCell(state.Index),
        Reg.ExtendedIndex => state.ExtendedIndex,
        Reg.ExtendedData => state.Cells[Spec.BankBytes + state.ExtendedIndex],
        _ => 0,
    };

    /// <inheritdoc/>
    public ulong Read(Reg register, int index)
    {
        ulong value = Peek(register, index);
        if (register != Reg.Data || state.Index != Cell.C) return value;
        state.Flags = 0;
        LookAtTicks();
        UpdateInterrupt();
        return value;
    }

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            // Bit 7 masks NMI on a PC; no NMI comes from here.
            case Reg.Index: state.Index = (byte)(value & 0x7f); break;
            case Reg.Data: WriteCell(state.Index, (byte)value); break;
            case Reg.ExtendedIndex: state.ExtendedIndex = (byte)value; break;
            case Reg.ExtendedData: state.Cells[Spec.BankBytes + state.ExtendedIndex] = (byte)value; break;
        }
    }

    // --- time ---

    private TimeCells Format => new(state.RegisterB);

    /// <summary>SET, or the divider held in reset: cells keep what is written.</summary>
    private bool IsStopped => (state.RegisterB & B.Set) != 0 || (state.RegisterA & A.DividerReset) == A.DividerReset;

    private long MachineNs => clock.EpochUnixNs + clock.Now.Nanoseconds;
    private long MachineSecond => Calendar.FloorDivide(MachineNs + state.PhaseNs, SecondNs);
    private long NsIntoSecond => MachineNs + state.PhaseNs - MachineSecond * SecondNs;
    private long GuestSecond => MachineSecond + state.OffsetSeconds;

    private VmTime TimeOfSecond(long machineSecond) =>
        VmTime.FromNs(machineSecond * SecondNs - state.PhaseNs - clock.EpochUnixNs);

    private static bool IsTime(int cell) => cell is Cell.Seconds or Cell.Minutes or Cell.Hours or Spec.Century
        or (>= Cell.Weekday and <= Cell.Year);

    private void Stop()
    {
        Moment now = Calendar.At(GuestSecond);
        for (int cell = Cell.Seconds; cell <= Cell.Year; cell++)
            if (IsTime(cell)) state.Cells[cell] = Format.EncodeCell(cell, now);
        state.Cells[Spec.Century] = Format.EncodeCell(Spec.Century, now);
    }

    /// <summary>The first update comes at the machine's next second, or half a second after the divider was released
    /// ("Divider control").</summary>
    private void Start(bool wasDividerReset)
    {
        if (wasDividerReset)
        {
            long phase = SecondNs / 2 - NsIntoSecond + state.PhaseNs;
            state.PhaseNs = (uint)((phase + SecondNs) % SecondNs);
        }
        state.OffsetSeconds = Calendar.Seconds(Format.Read(state.Cells)) - MachineSecond;
        state.SeenSecond = MachineSecond;
    }

    // --- cells ---

    private byte ReadCell(int cell)
    {
        switch (cell)
        {
            case Cell.A:
                bool isUpdating = !IsStopped && NsIntoSecond >= SecondNs - Spec.UpdateInProgressNs;
                return (byte)(state.RegisterA | (isUpdating ? A.UpdateInProgress : 0));
            case Cell.B: return state.RegisterB;
            case Cell.C: return (byte)(Flags | (IsInterrupting ? Flag.Any : 0));
            case Cell.D: return 0x80;
        }
        return IsTime(cell) && !IsStopped ? Format.EncodeCell(cell, Calendar.At(GuestSecond)) : state.Cells[cell];
    }

    private void WriteCell(int cell, byte value)
    {
        switch (cell)
        {
            case Cell.A:
                Reconfigure((byte)(value & ~A.UpdateInProgress), state.RegisterB);
                return;
            case Cell.B:
                // SET clears the update interrupt enable ("Register B").
                Reconfigure(state.RegisterA, (value & B.Set) != 0 ? (byte)(value & ~Flag.Update) : value);
                return;
            case Cell.C or Cell.D:
                return;
        }
        if (!IsTime(cell) || IsStopped)
        {
            state.Cells[cell] = value;
        }
        else
        {
            state.Flags = Flags;
            Stop();
            state.Cells[cell] = value;
            Start(wasDividerReset: false);
            LookAtTicks();
        }
        ArmAlarm();
        UpdateInterrupt();
    }

    private void Reconfigure(byte registerA, byte registerB)
    {
        state.Flags = Flags;
        bool wasStopped = IsStopped, wasDividerReset = (state.RegisterA & A.DividerReset) == A.DividerReset;
        bool willStop = (registerB & B.Set) != 0 || (registerA & A.DividerReset) == A.DividerReset;
        if (!wasStopped && willStop) Stop();
        state.RegisterA = registerA;
        state.RegisterB = registerB;
        if (wasStopped && !willStop) Start(wasDividerReset);
        LookAtTicks();
        ArmAlarm();
        UpdateInterrupt();
    }

    // --- flags and interrupt ---

    /// <summary>Periodic interrupts a second; 0 when there are none ("Periodic interrupt selection").
    /// With a 32 kHz crystal rates 1 and 2 are 8 and 9.</summary>
    private ulong PeriodicHz => (state.RegisterA & A.RateSelect) switch
    {
        0 => 0,
        1 => 256,
        2 => 128,
        int rate => 32_768ul >> (rate - 1),
    };

    private ulong PeriodicTick => PeriodicHz == 0 ? 0 : new ClockDomain(PeriodicHz).TicksAt(clock.Now);

    /// <summary>Flags that rose since they were read, some of them since anybody looked.</summary>
    private byte Flags
    {
        get
        {
            int flags = state.Flags & Flag.All;
            if (PeriodicTick > state.SeenTick) flags |= Flag.Periodic;
            if (!IsStopped && MachineSecond > state.SeenSecond) flags |= Flag.Update;
            return (byte)flags;
        }
    }

    private bool IsInterrupting => (Flags & state.RegisterB & Flag.All) != 0;

    private void LookAtTicks()
    {
        state.SeenTick = PeriodicTick;
        state.SeenSecond = MachineSecond;
    }

    /// <summary>Drives the line, and waits for the next event only where it would change the line.</summary>
    private void UpdateInterrupt()
    {
        bool isInterrupting = IsInterrupting;
        irq.Set(isInterrupting);
        Wait(periodicTimer, !isInterrupting && (state.RegisterB & Flag.Periodic) != 0 && PeriodicHz != 0,
            PeriodicHz == 0 ? VmTime.Never : new ClockDomain(PeriodicHz).TimeOf(state.SeenTick + 1));
        Wait(updateTimer, !isInterrupting && (state.RegisterB & Flag.Update) != 0 && !IsStopped,
            TimeOfSecond(MachineSecond + 1));
    }

    private static void Wait(IVmTimer timer, bool isNeeded, VmTime due)
    {
        if (isNeeded) timer.Arm(due);
        else timer.Cancel();
    }

    private void OnAlarm(VmTime due)
    {
        state.Flags |= Flag.Alarm;
        ArmAlarm();
        UpdateInterrupt();
    }

    private void ArmAlarm()
    {
        long next = IsStopped ? -1 : Format.NextAlarm(state.Cells, GuestSecond);
        Wait(alarmTimer, next >= 0, TimeOfSecond(MachineSecond + (next - GuestSecond)));
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        builder.Fadt.HasRtc = true;
        builder.Fadt.CenturyIndex = Spec.Century;
        ResourceTemplate resources = new ResourceTemplate().Io(options.Port, Spec.PortCount).Irq(placement.Gsi ?? 8);
        builder.SystemBus(new AmlWriter().Device(
            "RTC", d => d.HardwareId("PNP0B00").Name("_CRS", resources)).ToArray());
    }
}
