using System.Diagnostics;

namespace Hv.Interop;

/// <summary>The host's monotonic clock in nanoseconds (CLOCK_MONOTONIC on Linux).</summary>
public static class HostClock
{
    private static readonly bool IsNanoseconds = Stopwatch.Frequency == 1_000_000_000;

    /// <summary>Hot path: the time now.</summary>
    public static long NowNs => IsNanoseconds
        ? Stopwatch.GetTimestamp()
        : (long)((Int128)Stopwatch.GetTimestamp() * 1_000_000_000 / Stopwatch.Frequency);
}
