using System.Buffers;
using Hv.Sdk.State;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>Damages a state section: bits, length, and single fields with their form kept, since bit flips seldom get past the form.</summary>
internal static class StateDamage
{
    public static byte[] Apply(Random random, byte[] state)
    {
        byte[] copy = (byte[])state.Clone();
        switch (random.Next(4))
        {
            case 0:
                for (int i = random.Next(1, 4); i > 0 && copy.Length > 0; i--) copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
                return copy;
            case 1:
                return copy[..random.Next(copy.Length + 1)];
            default:
                return Rewrite(random, copy);
        }
    }

    private static byte[] Rewrite(Random random, byte[] state)
    {
        ArrayBufferWriter<byte> output = new();
        StateWriter writer = new(output);
        for (int i = 0; i < state.Length;)
        {
            ulong key = Varint(state, ref i), number = Varint(state, ref i);
            int tag = (int)(key >> 3);
            bool hit = random.Next(3) == 0;
            if ((key & 7) == 0)
            {
                writer.UInt(tag, hit ? RandomSteps.Value(random) : number);
                continue;
            }
            byte[] bytes = state[i..(i + (int)number)];
            i += (int)number;
            if (hit) bytes = random.Next(3) switch
            {
                0 => [.. bytes, .. new byte[random.Next(1, 5000)]],
                1 => bytes[..random.Next(bytes.Length + 1)],
                _ => Noise(random, bytes),
            };
            writer.Bytes(tag, bytes);
        }
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Noise(Random random, byte[] bytes)
    {
        random.NextBytes(bytes);
        return bytes;
    }

    private static ulong Varint(byte[] s, ref int i)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = s[i++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }
}
