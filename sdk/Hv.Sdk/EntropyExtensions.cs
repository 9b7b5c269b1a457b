using System.Buffers.Binary;

namespace Hv.Sdk;

/// <summary>Shorthand for draws.</summary>
public static class EntropyExtensions
{
    /// <summary>A number from 0 to <paramref name="bound"/> − 1, each as likely; takes eight bytes of the stream. A
    /// bound of 0 gives 0.</summary>
    public static ulong Below(this IEntropy entropy, ulong bound)
    {
        Span<byte> draw = stackalloc byte[8];
        entropy.Fill(draw);
        // The high half of the product: no draw is thrown away, and no number is likelier by more than bound / 2^64.
        return Math.BigMul(BinaryPrimitives.ReadUInt64LittleEndian(draw), bound, out _);
    }
}
