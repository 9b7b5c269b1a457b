using Hv.Sdk;
using Hv.Sdk.Faults;

namespace Hv.Faults.BitFlips;

/// <summary>Flips bits, and says which.</summary>
internal static class Flip
{
    private const int ShownBits = 4;

    /// <summary>Flips drawn bits of bytes; gives for people which: byte and bit of the first few.</summary>
    public static string Bytes(Span<byte> bytes, BitFlipsOptions options, IFaultScope scope)
    {
        List<string> shown = [];
        for (int i = 0; i < options.Bits; i++)
        {
            ulong bit = scope.Entropy.Below((ulong)bytes.Length * 8);
            bytes[(int)(bit / 8)] ^= (byte)(1 << (int)(bit % 8));
            if (i < ShownBits) shown.Add($"bit {bit % 8} of byte {bit / 8}");
        }
        string rest = options.Bits > ShownBits ? $" and {options.Bits - ShownBits} more" : "";
        return $"{string.Join(", ", shown)}{rest} of {bytes.Length} bytes flipped";
    }

    /// <summary>What is to be flipped of a value of so many bytes.</summary>
    public static ulong Mask(int size, BitFlipsOptions options, IFaultScope scope)
    {
        ulong all = ulong.MaxValue >> (64 - size * 8);
        if ((options.Mask & all) != 0) return options.Mask & all;
        ulong mask = 0;
        for (int i = 0; i < options.Bits; i++) mask ^= 1UL << (int)scope.Entropy.Below((ulong)size * 8);
        return mask == 0 ? 1 : mask; // two draws of one bit would change nothing
    }
}
