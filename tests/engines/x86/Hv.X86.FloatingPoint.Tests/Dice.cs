namespace Hv.X86.FloatingPoint.Tests;

/// <summary>Seeded random operands, biased towards what goes wrong. The seed is HV_TEST_SEED or fixed, and is part of every
/// failure message.</summary>
internal sealed class Dice
{
    private ulong state;

    public Dice(string name)
    {
        string? text = Environment.GetEnvironmentVariable("HV_TEST_SEED");
        Seed = ulong.TryParse(text, out ulong given) ? given : 20250701;
        state = Seed;
        foreach (char letter in name)
        {
            state = (state ^ letter) * 0x9E37_79B9_7F4A_7C15;
        }
    }

    public ulong Seed { get; }

    public ulong Next()
    {
        state += 0x9E37_79B9_7F4A_7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    public int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>A value of format <typeparamref name="T"/>.</summary>
    public ulong Value<T>() where T : struct, IBinaryFormat
    {
        ulong sign = (Next() & 1) * Format<T>.Sign;
        ulong fraction = Fraction(T.FractionBits);
        int top = (1 << T.ExponentBits) - 1;
        int exponent = Below(16) switch
        {
            0 => 0,
            1 => top,
            2 => Below(3),
            3 => top - 1 - Below(3),
            4 or 5 => Below(top + 1),
            _ => Format<T>.Bias + Below(2 * T.FractionBits) - T.FractionBits,
        };
        return sign | ((ulong)exponent << T.FractionBits & Format<T>.Infinity) | fraction;
    }

    /// <summary>A fraction: random, few bits, all ones, zero, or one off.</summary>
    public ulong Fraction(int bits)
    {
        ulong mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        return Below(8) switch
        {
            0 => 0,
            1 => mask,
            2 => 1UL << Below(bits),
            3 => (Next() << Below(bits)) & mask,
            4 => mask >> Below(bits),
            5 => (ulong)Below(4),
            _ => Next() & mask,
        };
    }

    /// <summary>MXCSR with everything masked, and rounding, DAZ, FTZ and sticky flags at random.</summary>
    public uint Control()
    {
        uint control = 0x1F80;
        ulong bits = Next();
        control |= (bits & 3) == 0 ? (uint)(bits >> 8) & 0x6000 : 0;
        control |= (bits & 0x30) == 0 ? 0x40u : 0;
        control |= (bits & 0xC0) == 0 ? 0x8000u : 0;
        control |= (bits & 0x100000) == 0 ? 0x20u : 0;
        control |= (bits & 0x600000) == 0 ? (uint)(bits >> 24) & 0x3F : 0;
        return control;
    }
}
