using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Chipset.Hpet;

/// <summary>Three high-precision event timers at 100 MHz (IA-PC HPET Specification 1.0a). The first can be periodic.
/// With legacy replacement on, timers 0 and 1 take the places of the 8254 and the RTC on IRQ 0 and 8; both therefore
/// pass through this device: inputs
/// <c>pit</c> and <c>rtc</c>, outputs <c>irq0</c> and <c>irq8</c>.</summary>
// Deviation: ticks of a periodic timer that virtual time skipped are not made up for: one interrupt, and the comparator
// moves past now. Deviation: a periodic timer interrupts every 10 microseconds at the most, so that a guest cannot
// flood the host with alarms.
public sealed class Hpet(HpetOptions options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>, IIrqHandler,
    IAcpiContributor
{
    private static readonly ClockDomain CounterClock = new(Spec.CounterHz);

    private readonly IVmTimer[] alarms = new IVmTimer[Spec.TimerCount];
    private readonly IrqLine[] routes = new IrqLine[Spec.RouteCount];
    private HpetState state = new();
    private IDeviceContext context = null!;
    private IrqInputs legacyInputs;
    private IrqLine irq0;
    private IrqLine irq8;

    private const ulong ShortestPeriodTicks = Spec.CounterHz / 100_000;
    private const int PitPin = 0;
    private const int RtcPin = 1;

    /// <inheritdoc/>
    public string StateId => HpetState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => HpetState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => HpetState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        _ = context.MapMemory("registers", options.Address, Spec.LengthBytes, this, 0);
        legacyInputs = context.IrqIn("legacy", 2, this);
        irq0 = context.IrqOut("irq0");
        irq8 = context.IrqOut("irq8");
        for (int i = 0; i < Spec.RouteCount; i++) routes[i] = context.IrqOut("pin" + (Spec.FirstRoute + i));
        for (int i = 0; i < Spec.TimerCount; i++)
        {
            int timer = i;
            alarms[i] = context.CreateTimer("timer" + i, _ => Expire(timer));
        }
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new HpetState();
        UpdateLines();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = HpetState.Load(reader);
        UpdateLines();
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level)
    {
        if (!IsLegacyReplacement) (pin == PitPin ? irq0 : irq8).Set(level);
    }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Spec.Map.Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Spec.Map.Write(this, access, value);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Capabilities => Spec.CapabilitiesValue,
        Reg.Configuration => state.Configuration,
        Reg.InterruptStatus => state.InterruptStatus,
        Reg.MainCounter => Counter,
        Reg.TimerConfiguration => ReadConfiguration(index),
        Reg.TimerComparator => state.Timers[index].Comparator & Width(index),
        _ => state.Timers[index].FsbRoute,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.Configuration: WriteGeneralConfiguration(value); break;
            case Reg.InterruptStatus: state.InterruptStatus &= (byte)~value; break;
            case Reg.MainCounter: SetCounter(value); break;
            case Reg.TimerConfiguration: WriteTimerConfiguration(index, value); break;
            case Reg.TimerComparator: WriteComparator(index, value); break;
            case Reg.TimerFsbRoute: state.Timers[index].FsbRoute = value; break;
        }
        UpdateLines();
        ArmAll();
    }

    private bool IsEnabled => (state.Configuration & GeneralConfiguration.Enable) != 0;

    private bool IsLegacyReplacement => (state.Configuration & GeneralConfiguration.LegacyReplacement) != 0;

    private ulong Counter => !IsEnabled ? state.CounterBase
        : state.CounterBase + CounterClock.TicksAt(context.Clock.Now) - CounterClock.TicksAt(state.CounterSince);

    /// <summary>Bits that a timer compares: 32 when the guest asked for it (2.3.8, Tn_32MODE_CNF).</summary>
    private ulong Width(int timer) =>
        (state.Timers[timer].Configuration & TimerConfiguration.Mode32Bit) != 0 ? uint.MaxValue : ulong.MaxValue;

    private bool IsPeriodic(int timer) => (state.Timers[timer].Configuration & TimerConfiguration.Periodic) != 0;

    private ulong ReadConfiguration(int timer) => state.Timers[timer].Configuration | (ulong)Spec.Routes << 32
        | TimerConfiguration.SizeCapable | TimerConfiguration.FsbCapable
            | (timer == 0 ? TimerConfiguration.PeriodicCapable : 0);

    private void WriteGeneralConfiguration(ulong value)
    {
        SetCounter(Counter);
        state.Configuration = value;
    }

    private void SetCounter(ulong value)
    {
        state.CounterBase = value;
        state.CounterSince = context.Clock.Now;
    }

    private void WriteTimerConfiguration(int timer, ulong value)
    {
        ulong writable = TimerConfiguration.Writable
            & ~(timer == 0 ? 0 : TimerConfiguration.Periodic | TimerConfiguration.ValueSet);
        state.Timers[timer].Configuration = value & writable;
        // An edge-triggered timer has no status to hold (2.3.6).
        if ((value & TimerConfiguration.Level) == 0) state.InterruptStatus &= (byte)~(1 << timer);
    }

    /// <summary>For a periodic timer a write sets the period, and the comparator too while Tn_VAL_SET_CNF is set, which
    /// it clears (2.3.8).</summary>
    private void WriteComparator(int timer, ulong value)
    {
        HpetTimerState t = state.Timers[timer];
        value &= Width(timer);
        if (!IsPeriodic(timer) || (t.Configuration & TimerConfiguration.ValueSet) != 0) t.Comparator = value;
        if (!IsPeriodic(timer)) return;
        t.Period = value;
        t.Configuration &= ~TimerConfiguration.ValueSet;
    }

    private void ArmAll()
    {
        for (int i = 0; i < Spec.TimerCount; i++) Arm(i);
    }

    /// <summary>A comparator that the counter has passed matches again only after the counter wraps
    /// (2.3.9.2.3).</summary>
    private void Arm(int timer)
    {
        if (!IsEnabled)
        {
            alarms[timer].Cancel();
            return;
        }
        ulong distance = (state.Timers[timer].Comparator - Counter) & Width(timer);
        if (distance == 0) distance = Width(timer);
        ulong startTicks = CounterClock.TicksAt(context.Clock.Now);
        alarms[timer].Arm(distance > long.MaxValue ? VmTime.Never : CounterClock.TimeOf(startTicks + distance));
    }

    private void Expire(int timer)
    {
        HpetTimerState t = state.Timers[timer];
        if (IsPeriodic(timer) && t.Period != 0)
        {
            ulong behind = (Counter + ShortestPeriodTicks - t.Comparator) & Width(timer);
            t.Comparator = (t.Comparator + (((behind / t.Period) + 1) * t.Period)) & Width(timer);
        }
        Arm(timer);
        Interrupt(timer, t);
    }

    private void Interrupt(int timer, HpetTimerState t)
    {
        bool isLevel = (t.Configuration & TimerConfiguration.Level) != 0;
        if (isLevel) state.InterruptStatus |= (byte)(1 << timer);
        if ((t.Configuration & TimerConfiguration.InterruptEnable) == 0) return;
        if ((t.Configuration & TimerConfiguration.FsbEnable) != 0)
            context.Msi.Send(new MsiMessage { Address = t.FsbRoute >> 32, Data = (uint)t.FsbRoute });
        else if (isLevel) UpdateLines();
        else Line(timer, t).Pulse();
    }

    /// <summary>Where a timer interrupts (2.3.5, LEG_RT_CNF; 2.3.8, Tn_INT_ROUTE_CNF). An input that it cannot be
    /// routed to: nowhere.</summary>
    private IrqLine Line(int timer, HpetTimerState t)
    {
        if (IsLegacyReplacement && timer < 2) return timer == 0 ? irq0 : irq8;
        int route = (int)((t.Configuration >> TimerConfiguration.RouteShift) & TimerConfiguration.RouteMask)
            - Spec.FirstRoute;
        return (uint)route < Spec.RouteCount ? routes[route] : default;
    }

    private void UpdateLines()
    {
        irq0.Set(IsLegacyReplacement ? IsHeld(0) : legacyInputs[PitPin]);
        irq8.Set(IsLegacyReplacement ? IsHeld(1) : legacyInputs[RtcPin]);
        for (int i = 0; i < Spec.RouteCount; i++)
        {
            bool level = false;
            for (int timer = 0; timer < Spec.TimerCount; timer++)
            {
                int route = (int)((state.Timers[timer].Configuration >> TimerConfiguration.RouteShift)
                    & TimerConfiguration.RouteMask);
                bool isReplaced = IsLegacyReplacement && timer < 2;
                level |= route == Spec.FirstRoute + i && !isReplaced && IsHeld(timer);
            }
            routes[i].Set(level);
        }
    }

    /// <summary>A level-triggered timer holds its line while its status bit is set.</summary>
    private bool IsHeld(int timer)
    {
        ulong configuration = state.Timers[timer].Configuration;
        return (state.InterruptStatus & (1 << timer)) != 0 && (configuration & TimerConfiguration.FsbEnable) == 0
            && (configuration & (TimerConfiguration.Level | TimerConfiguration.InterruptEnable))
                == (TimerConfiguration.Level | TimerConfiguration.InterruptEnable);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        // The HPET description table (specification, 3.2.4): block id, address, number, shortest period in ticks, no
        // page protection.
        builder.Table(new AcpiTable("HPET", 1).UInt32(unchecked((uint)Spec.CapabilitiesValue))
            .UInt8(0).UInt8(64).UInt8(0).UInt8(0).UInt64(options.Address).UInt8(0).UInt16(128).UInt8(0).ToArray());
        builder.SystemBus(new AmlWriter().Device("HPET", d => d.HardwareId("PNP0103").Name("_UID", 0UL)
            .Name("_CRS", new ResourceTemplate().Memory32(
                options.Address, Spec.LengthBytes, isWritable: true))).ToArray());
    }
}
