namespace Hv.X86.Differential.Tests;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): a generator that starts at once from any seed, so that each case has
/// one of its own.</summary>
internal sealed class Rng(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="limit"/> − 1.</summary>
    public int Below(int limit) => (int)((Next() >> 33) % (uint)limit);

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    public bool Percent(int percent) => Below(100) < percent;

    /// <summary>One of the items.</summary>
    public T Pick<T>(ReadOnlySpan<T> items) => items[Below(items.Length)];

    /// <summary>Fills with random bytes.</summary>
    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += 8)
        {
            ulong value = Next();
            for (int j = i; j < Math.Min(i + 8, bytes.Length); j++)
            {
                bytes[j] = (byte)value;
                value >>= 8;
            }
        }
    }
}
