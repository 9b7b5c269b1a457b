namespace Hv.Sdk.Time;

/// <summary>The machine's virtual clock: follows the host in real-time mode (and stops while paused), advances with
/// retired instructions in deterministic mode. Monotonic. Any thread; reading it takes nanoseconds and never
/// blocks.</summary>
public interface IVmClock
{
    /// <summary>Virtual time since power-on.</summary>
    VmTime Now { get; }

    /// <summary>The calendar time (UTC) that virtual time zero stands for, as Unix nanoseconds. Fixed for the VM's life
    /// and saved; in deterministic mode it comes from the definition, never from the host.</summary>
    long EpochUnixNs { get; }
}

/// <summary>A one-shot timer of one device. Its deadline is saved and restored by the core, under its name.</summary>
public interface IVmTimer
{
    /// <summary>The name given to <see cref="IDeviceContext.CreateTimer"/>.</summary>
    string Name { get; }
    /// <summary>When it fires; <see cref="VmTime.Never"/> when not armed. Reads <see cref="VmTime.Never"/> inside the
    /// callback.</summary>
    VmTime Due { get; }
    /// <summary>Arms it, or moves it. A time in the past fires as soon as the strand is free, never inside this
    /// call.</summary>
    void Arm(VmTime due);
    /// <summary>Disarms it. After this returns (on the strand), an earlier deadline does not fire any more.</summary>
    void Cancel();
}

/// <summary>Converts between virtual time and the ticks of an oscillator without drift: ticks = floor(ns × Hz /
/// 1e9).</summary>
public readonly struct ClockDomain
{
    /// <summary>An oscillator of <paramref name="hz"/> hertz.</summary>
    public ClockDomain(ulong hz) => Hz = hz;
    /// <summary>Frequency in hertz.</summary>
    public ulong Hz { get; }
    /// <summary>Whole ticks that have passed at a time.</summary>
    public ulong TicksAt(VmTime time)
    {
        ulong high = Math.BigMul((ulong)time.Nanoseconds, Hz, out ulong low);
        return high == 0 ? low / 1_000_000_000 : (ulong)(new UInt128(high, low) / 1_000_000_000);
    }
    /// <summary>The first moment at which <see cref="TicksAt"/> gives <paramref name="ticks"/> or more;
    /// <see cref="VmTime.Never"/> when out of range.</summary>
    public VmTime TimeOf(ulong ticks)
    {
        UInt128 ns = ((UInt128)ticks * 1_000_000_000 + (Hz - 1)) / Hz;
        return ns > long.MaxValue ? VmTime.Never : VmTime.FromNs((long)ns);
    }
}
