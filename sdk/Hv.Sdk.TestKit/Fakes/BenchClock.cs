using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>Virtual time that only <see cref="DeviceBench.Advance"/> moves.</summary>
public sealed class BenchClock(long epochUnixNs) : IVmClock
{
    /// <inheritdoc/>
    public VmTime Now { get; internal set; }
    /// <inheritdoc/>
    public long EpochUnixNs { get; } = epochUnixNs;
}
