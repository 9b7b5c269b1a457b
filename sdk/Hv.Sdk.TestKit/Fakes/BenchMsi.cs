using Hv.Sdk.Signals;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>Records message-signalled interrupts: all are counted and summed up, the last 64 are kept.</summary>
public sealed class BenchMsi : IMsiTarget
{
    private const int Kept = 64;
    private readonly MsiMessage[] ring = new MsiMessage[Kept];

    /// <summary>How many were sent.</summary>
    public int Count { get; private set; }

    /// <summary>The latest; null when there was none.</summary>
    public MsiMessage? Last => Count == 0 ? null : ring[(Count - 1) % Kept];

    /// <summary>The <paramref name="index"/>-th since the beginning; only the last 64 are kept.</summary>
    public MsiMessage this[int index] => index >= 0 && index < Count && index >= Count - Kept
        ? ring[index % Kept] : throw new ArgumentOutOfRangeException(nameof(index));

    /// <inheritdoc/>
    public void Send(in MsiMessage message) => ring[Count++ % Kept] = message;

    internal void CopyFrom(BenchMsi other)
    {
        other.ring.CopyTo(ring, 0);
        Count = other.Count;
    }

    internal bool SameAs(BenchMsi other) => Count == other.Count && (Count == 0
        || (Last!.Value.Address == other.Last!.Value.Address && Last.Value.Data == other.Last.Value.Data));
}
