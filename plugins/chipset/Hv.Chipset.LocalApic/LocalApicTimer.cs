using Hv.Sdk.Time;

namespace Hv.Chipset.LocalApic;

/// <summary>The timer of one local APIC: one-shot, periodic and TSC-deadline (SDM 3A, 11.5.4). The vCPU programs it,
/// the core's timer thread fires it: a lock of its own, held for a few instructions, keeps them apart.</summary>
// Deviation: a period under 20 µs interrupts every 20 µs. Ticks of the periodic timer that are missed because the host
// came too late are merged into one; the phase is kept.
internal sealed class LocalApicTimer
{
    private const long ShortestPeriodNs = 20_000;
    private static readonly ClockDomain Clock = new(Spec.TimerHz);

    private readonly Lock gate = new();
    private readonly LocalApic apic;
    private readonly IVmClock clock;
    private readonly IVmTimer timer;
    private readonly ClockDomain tsc;

    public LocalApicTimer(LocalApic apic, Hv.Sdk.IDeviceContext context, int index)
    {
        this.apic = apic;
        clock = context.Clock;
        tsc = new ClockDomain(context.TscHz);
        timer = context.CreateTimer($"timer{index}", OnFired);
    }

    private LocalApicState State => apic.State;
    private uint Mode => State.LocalVectors[Lvt.Timer] & Lvt.TimerMode;

    /// <summary>1, 2, 4 … 128 (figure 11-10).</summary>
    private ulong Divisor =>
        1ul << ((((State.DivideConfiguration & 3) | (State.DivideConfiguration >> 1 & 4)) + 1) & 7);

    public uint InitialCount => Mode == Lvt.TscDeadline ? 0 : State.InitialCount;

    public uint CurrentCount
    {
        get
        {
            lock (gate) return Remaining();
        }
    }

    public ulong Deadline
    {
        get
        {
            lock (gate) return Mode == Lvt.TscDeadline ? State.TscDeadline : 0;
        }
    }

    public void WriteInitialCount(uint value)
    {
        if (Mode == Lvt.TscDeadline) return;
        lock (gate)
        {
            State.InitialCount = value;
            StartFrom(value);
        }
    }

    public void WriteDivideConfiguration(byte value)
    {
        lock (gate)
        {
            uint left = Remaining();
            State.DivideConfiguration = value;
            if (State.IsCounting) StartFrom(left);
        }
    }

    public void WriteDeadline(ulong value)
    {
        if (Mode != Lvt.TscDeadline) return;
        lock (gate)
        {
            State.TscDeadline = value;
            if (value == 0)
            {
                timer.Cancel();
                return;
            }
            if (tsc.TicksAt(clock.Now) < value)
            {
                timer.Arm(tsc.TimeOf(value));
                return;
            }
            timer.Cancel();
            State.TscDeadline = 0;
        }
        apic.LocalInterrupt(Lvt.Timer);
    }

    /// <summary>The timer's local vector was written: to or from TSC-deadline mode it is disarmed (11.5.4.1).</summary>
    public void ModeChanged(uint before)
    {
        bool wasDeadline = (before & Lvt.TimerMode) == Lvt.TscDeadline, isDeadline = Mode == Lvt.TscDeadline;
        if (wasDeadline != isDeadline) Stop();
    }

    public void Stop()
    {
        lock (gate)
        {
            timer.Cancel();
            State.IsCounting = false;
            State.TscDeadline = 0;
            State.InitialCount = 0;
        }
    }

    private uint Remaining()
    {
        if (!State.IsCounting) return 0;
        ulong elapsed = unchecked(Clock.TicksAt(clock.Now) - State.StartTick) / Divisor;
        return elapsed < State.CountAtStart ? State.CountAtStart - (uint)elapsed : 0;
    }

    private void StartFrom(uint count)
    {
        State.CountAtStart = count;
        State.StartTick = Clock.TicksAt(clock.Now);
        State.IsCounting = count != 0;
        if (State.IsCounting) timer.Arm(Clock.TimeOf(unchecked(State.StartTick + count * Divisor)));
        else timer.Cancel();
    }

    private void OnFired(VmTime due)
    {
        lock (gate)
        {
            // The vCPU programmed the timer anew between the deadline and this callback.
            if (timer.Due != VmTime.Never) return;
            if (Mode == Lvt.TscDeadline)
            {
                if (State.TscDeadline == 0) return;
                State.TscDeadline = 0;
            }
            else
            {
                if (!State.IsCounting) return;
                State.IsCounting = false;
                if (Mode == Lvt.Periodic && State.InitialCount != 0) StartNextPeriod();
            }
        }
        apic.LocalInterrupt(Lvt.Timer);
    }

    private void StartNextPeriod()
    {
        ulong period = State.InitialCount * Divisor, now = Clock.TicksAt(clock.Now);
        ulong end = unchecked(State.StartTick + State.CountAtStart * Divisor);
        ulong late = now > end ? now - end : 0;
        State.IsCounting = true;
        State.CountAtStart = State.InitialCount;
        State.StartTick = now - late % period;
        VmTime next = Clock.TimeOf(State.StartTick + period), soonest = clock.Now.AddNs(ShortestPeriodNs);
        timer.Arm(next < soonest ? soonest : next);
    }
}
