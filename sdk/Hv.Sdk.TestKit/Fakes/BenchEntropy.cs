namespace Hv.Sdk.TestKit.Fakes;

internal sealed class BenchEntropy(int seed, ulong position = 0) : IEntropy
{
    private ulong counter = position;

    public void Fill(Span<byte> destination)
    {
        foreach (ref byte b in destination)
        {
            // SplitMix64 of seed and counter: the same stream after a restore.
            ulong z = (ulong)seed * 0x9e3779b97f4a7c15 + counter++ * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            b = (byte)(z >> 56);
        }
    }

    public void CopyFrom(BenchEntropy other) => counter = other.counter;
}
