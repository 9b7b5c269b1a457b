namespace Hv.Sdk.Time;

/// <summary>A moment or a span of virtual time in nanoseconds since the machine was powered on.</summary>
public readonly record struct VmTime : IComparable<VmTime>
{
    /// <summary>Nanoseconds; a long holds 292 years.</summary>
    public long Nanoseconds { get; init; }
    /// <summary>Power-on.</summary>
    public static VmTime Zero => default;
    /// <summary>Later than anything.</summary>
    public static VmTime Never => new() { Nanoseconds = long.MaxValue };
    /// <summary>Makes a time from nanoseconds.</summary>
    public static VmTime FromNs(long ns) => new() { Nanoseconds = ns };
    /// <summary>A time <paramref name="ns"/> nanoseconds later; stays at <see cref="Never"/> on overflow.</summary>
    public VmTime AddNs(long ns)
    {
        long sum = unchecked(Nanoseconds + ns);
        return ns > 0 && sum < Nanoseconds ? Never : FromNs(sum);
    }
    /// <inheritdoc/>
    public int CompareTo(VmTime other) => Nanoseconds.CompareTo(other.Nanoseconds);
    /// <summary>Earlier.</summary>
    public static bool operator <(VmTime a, VmTime b) => a.Nanoseconds < b.Nanoseconds;
    /// <summary>Later.</summary>
    public static bool operator >(VmTime a, VmTime b) => a.Nanoseconds > b.Nanoseconds;
    /// <summary>Not later.</summary>
    public static bool operator <=(VmTime a, VmTime b) => a.Nanoseconds <= b.Nanoseconds;
    /// <summary>Not earlier.</summary>
    public static bool operator >=(VmTime a, VmTime b) => a.Nanoseconds >= b.Nanoseconds;
    /// <inheritdoc/>
    public override string ToString() => $"{Nanoseconds} ns";
}
