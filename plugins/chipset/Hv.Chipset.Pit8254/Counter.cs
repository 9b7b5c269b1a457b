namespace Hv.Chipset.Pit8254;

/// <summary>One counter of the 8254. Nothing ticks: count and output are computed from the clock when somebody
/// looks.</summary>
// Deviation: in mode 3 a new count takes effect at the end of the whole cycle, not of the half cycle.
internal sealed class Counter
{
    public CounterState State { get; set; } = new();

    /// <summary>Modes 6 and 7 are 2 and 3 ("Control word format").</summary>
    public int Mode => (State.Control >> 1 & 7) is int mode && mode > 5 ? mode - 4 : mode;

    private bool IsBcd => (State.Control & 1) != 0;
    private int Access => State.Control >> 4;
    private uint Modulus => IsBcd ? 10_000u : 65_536u;
    private uint Reload => State.CountRegister == 0 ? Modulus : State.CountRegister;
    private bool IsPeriodic => Mode is 2 or 3;

    /// <summary>Where a running counter began, when a count that waited for the end of a cycle is taken into
    /// account.</summary>
    private (ulong Tick, uint Count) Start(ulong now) =>
        State.ReloadTick != 0 && now >= State.ReloadTick
            ? (State.ReloadTick, Reload) : (State.StartTick, State.StartCount);

    private ulong Elapsed(ulong now)
    {
        ulong start = Start(now).Tick;
        return now > start ? now - start : 0;
    }

    /// <summary>The output pin.</summary>
    public bool Out(ulong now)
    {
        if (State.Phase != CounterPhase.Running) return Mode != 0 || State.HasExpired;
        ulong elapsed = Elapsed(now), count = Math.Max(Start(now).Count, 1);
        return Mode switch
        {
            0 => State.HasExpired || elapsed >= count,
            1 => elapsed >= count,
            2 => elapsed % count != count - 1,
            3 => elapsed % count < (count + 1) / 2,
            _ => elapsed != count,
        };
    }

    /// <summary>The next tick at which the output rises by itself; 0 when there is none.</summary>
    public ulong NextRise(ulong now)
    {
        if (State.Phase != CounterPhase.Running) return 0;
        (ulong tick, uint start) = Start(now);
        ulong count = Math.Max(start, 1u);
        if (!IsPeriodic)
        {
            ulong end = tick + count;
            return now < end && !(Mode == 0 && State.HasExpired) ? end : 0;
        }
        ulong next = tick + (Elapsed(now) / count + 1) * count;
        return State.ReloadTick != 0 && now < State.ReloadTick ? Math.Min(next, State.ReloadTick) : next;
    }

    /// <summary>The counting element, as it is read.</summary>
    private ushort Count(ulong now)
    {
        uint value = State.Phase switch
        {
            CounterPhase.Running => RunningCount(now),
            CounterPhase.Held => State.StartCount,
            _ => Reload,
        };
        value %= Modulus;
        return IsBcd ? (ushort)(value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10)
            : (ushort)value;
    }

    private uint RunningCount(ulong now)
    {
        uint count = Math.Max(Start(now).Count, 1);
        ulong elapsed = Elapsed(now);
        uint phase = (uint)(elapsed % count);
        switch (Mode)
        {
            case 2:
                return count - phase;
            case 3:
                // Counts down by two, in each half of the cycle anew; an odd count begins one lower.
                uint half = (count + 1) / 2;
                return (count & ~1u) - 2 * (phase < half ? phase : phase - half);
            default:
                return (uint)((count + Modulus - elapsed % Modulus) % Modulus);
        }
    }

    private byte StatusByte(ulong now)
    {
        bool isNull = State.Phase == CounterPhase.Idle || (State.Phase == CounterPhase.AwaitsGate && !IsPeriodic)
            || now < State.StartTick || now < State.ReloadTick;
        return (byte)((Out(now) ? Status.Out : 0) | (isNull ? Status.NullCount : 0) | State.Control);
    }

    // --- reading ---

    public byte Peek(ulong now)
    {
        if (State.IsStatusLatched) return State.LatchedStatus;
        ushort value = State.LatchedBytes != 0 ? State.Latch : Count(now);
        bool isHigh = Access == 2 || (Access == 3 && State.ReadsHighNext);
        return (byte)(isHigh ? value >> 8 : value);
    }

    public byte Read(ulong now)
    {
        byte value = Peek(now);
        if (State.IsStatusLatched)
        {
            State.IsStatusLatched = false;
            return value;
        }
        if (State.LatchedBytes != 0) State.LatchedBytes--;
        if (Access == 3) State.ReadsHighNext = !State.ReadsHighNext;
        return value;
    }

    public void LatchCount(ulong now)
    {
        // A second latch before the first was read is ignored ("Counter latch command").
        if (State.LatchedBytes != 0) return;
        State.Latch = Count(now);
        State.LatchedBytes = (byte)(Access == 3 ? 2 : 1);
    }

    public void LatchStatus(ulong now)
    {
        if (State.IsStatusLatched) return;
        State.LatchedStatus = StatusByte(now);
        State.IsStatusLatched = true;
    }

    // --- programming ---

    public void WriteControl(byte control)
    {
        State.Control = (byte)(control & 0x3f);
        State.Phase = CounterPhase.Idle;
        State.WritesHighNext = State.ReadsHighNext = State.IsStatusLatched = State.HasExpired = false;
        State.LatchedBytes = 0;
        State.ReloadTick = 0;
    }

    public void Write(byte value, ulong now)
    {
        switch (Access)
        {
            case 1: Load(value, now); break;
            case 2: Load((ushort)(value << 8), now); break;
            case 3 when State.WritesHighNext:
                State.WritesHighNext = false;
                Load((ushort)(value << 8 | State.LowByte), now);
                break;
            case 3:
                State.WritesHighNext = true;
                State.LowByte = value;
                // In mode 0 the first byte stops the counter and lowers the output ("Mode 0").
                if (Mode != 0) break;
                State.Phase = CounterPhase.Idle;
                State.HasExpired = false;
                break;
        }
    }

    private ushort Decode(ushort value)
    {
        if (!IsBcd) return value;
        int binary = (value >> 12) * 1000 + (value >> 8 & 15) * 100 + (value >> 4 & 15) * 10 + (value & 15);
        return (ushort)(binary % 10_000);
    }

    private void Load(ushort value, ulong now)
    {
        Commit(now);
        ushort count = Decode(value);
        bool wasRunning = State.Phase == CounterPhase.Running;
        // A periodic counter finishes its cycle first.
        ulong cycleEnd = wasRunning && IsPeriodic ? NextRise(now) : 0;
        State.CountRegister = count;
        switch (Mode)
        {
            case 0 or 4:
                State.HasExpired = false;
                Begin(State.Gate ? CounterPhase.Running : CounterPhase.Held, now + 1);
                break;
            case 1 or 5:
                if (State.Phase == CounterPhase.Idle) State.Phase = CounterPhase.AwaitsGate;
                break;
            default:
                if (wasRunning) State.ReloadTick = cycleEnd;
                else if (State.Gate) Begin(CounterPhase.Running, now + 1);
                else State.Phase = CounterPhase.AwaitsGate;
                break;
        }
    }

    private void Begin(CounterPhase phase, ulong tick)
    {
        State.Phase = phase;
        State.StartTick = tick;
        State.StartCount = Reload;
        State.ReloadTick = 0;
    }

    private void Commit(ulong now)
    {
        if (State.Phase != CounterPhase.Running) return;
        (State.StartTick, State.StartCount) = Start(now);
        if (now >= State.ReloadTick) State.ReloadTick = 0;
    }

    /// <summary>The gate input ("Gate pin operations summary").</summary>
    public void SetGate(bool level, ulong now)
    {
        if (State.Gate == level) return;
        Commit(now);
        State.Gate = level;
        switch (Mode)
        {
            case 0 or 4 when level:
                if (State.Phase != CounterPhase.Held) break;
                State.Phase = CounterPhase.Running;
                State.StartTick = now;
                break;
            case 0 or 4:
                if (State.Phase != CounterPhase.Running) break;
                uint left = RunningCount(now);
                State.HasExpired |= Elapsed(now) >= State.StartCount;
                State.StartCount = left;
                State.Phase = CounterPhase.Held;
                break;
            case 1 or 5:
                if (level && State.Phase != CounterPhase.Idle) Begin(CounterPhase.Running, now + 1);
                break;
            default:
                if (State.Phase == CounterPhase.Idle) break;
                if (level) Begin(CounterPhase.Running, now + 1);
                else State.Phase = CounterPhase.AwaitsGate;
                break;
        }
    }
}
