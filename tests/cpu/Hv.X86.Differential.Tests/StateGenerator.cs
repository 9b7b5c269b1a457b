using System.Runtime.InteropServices;
using Hv.X86.Oracle;

namespace Hv.X86.Differential.Tests;

/// <summary>Random processor states in which edge values are common: integers around the ends of each width,
/// floating-point zeros, infinities, denormals and NaNs of both kinds, x87 values with unusual encodings.</summary>
internal sealed class StateGenerator
{
    private const int PoolBytes = 0x2_0000;

    private static readonly ulong[] s_integers =
    [
        0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue, ulong.MaxValue - 1, 0xFFFF_FFFF_8000_0000,
        0xFFFF_FFFF_7FFF_FFFF,
        0xFFFF_FFFF_FFFF_8000, 0xFFFF_FFFF_FFFF_FF80, 0x0101_0101_0101_0101, 0x8080_8080_8080_8080,
        0x5555_5555_5555_5555,
    ];

    private static readonly uint[] s_singles =
    [
        0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0xFFC0_0000, 0x7FC1_2345,
        0x7F80_0001, 0xFFA0_0000,
        1, 0x8000_0001, 0x007F_FFFF, 0x0080_0000, 0x0080_0001, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x3F00_0000, 0x3F80_0001,
        0x3F7F_FFFF, 0x4B00_0000,
        0x4B7F_FFFF, 0x4F00_0000, 0xCF00_0000, 0x4EFF_FFFF, 0x5F00_0000, 0xDF00_0000, 0x5EFF_FFFF, 0x4000_0000,
        0x4040_0000, 0x3FC0_0000,
        0x3FE0_0000, 0x3EFF_FFFF, 0x0C80_0000, 0x7280_0000, 0x2000_0000, 0x477F_E000, 0x477F_F000, 0x3380_0000,
        0x3300_0000, 0x387F_E000,
    ];

    private static readonly ulong[] s_doubles =
    [
        0, 0x8000_0000_0000_0000, 0x3FF0_0000_0000_0000, 0xBFF0_0000_0000_0000, 0x7FF0_0000_0000_0000,
        0xFFF0_0000_0000_0000, 0x7FF8_0000_0000_0000,
        0xFFF8_0000_0000_0000, 0x7FF8_1234_5678_9ABC, 0x7FF0_0000_0000_0001, 0xFFF4_0000_0000_0000, 1,
        0x8000_0000_0000_0001, 0x000F_FFFF_FFFF_FFFF,
        0x0010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF, 0xFFEF_FFFF_FFFF_FFFF, 0x3FE0_0000_0000_0000,
        0x3FF0_0000_0000_0001, 0x3FEF_FFFF_FFFF_FFFF,
        0x41DF_FFFF_FFC0_0000, 0x41E0_0000_0000_0000, 0xC1E0_0000_0000_0000, 0xC1E0_0000_0020_0000,
        0x43E0_0000_0000_0000, 0xC3E0_0000_0000_0000,
        0x43DF_FFFF_FFFF_FFFF, 0x4330_0000_0000_0000, 0x433F_FFFF_FFFF_FFFF, 0x47EF_FFFF_E000_0000,
        0x47EF_FFFF_F000_0000, 0x3810_0000_0000_0000,
        0x380F_FFFF_F000_0000, 0x36A0_0000_0000_0000, 0x3690_0000_0000_0000, 0x2000_0000_0000_0000,
        0x5FF0_0000_0000_0000, 0x3FF8_0000_0000_0000,
        0x4004_0000_0000_0000, 0x400C_0000_0000_0000,
    ];

    private static readonly ushort[] s_exponents =
    [
        0, 1, 2, 0x3FFE, 0x3FFF, 0x4000, 0x4001, 0x400E, 0x400F, 0x401D, 0x401E, 0x401F, 0x403D, 0x403E, 0x403F,
        0x3F81, 0x3F80, 0x3C01, 0x3C00,
        0x407E, 0x407F, 0x43FE, 0x43FF, 0x7FFE, 0x7FFF, 0x3FFD, 0x3FBF, 0x4040,
    ];

    private static readonly ulong[] s_significands =
    [
        0, 1, 0x8000_0000_0000_0000, 0x8000_0000_0000_0001, 0xC000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
        0x7FFF_FFFF_FFFF_FFFF,
        0x4000_0000_0000_0000, 0xA000_0000_0000_0000, 0xFFFF_FF00_0000_0000, 0xFFFF_FFFF_FFFF_F800,
        0xFFFF_FFFF_FFFF_FC00, 0xC000_0000_0000_0001,
        0xFFFF_FF80_0000_0000, 0x8000_0080_0000_0000, 0x8000_0000_0000_0400,
    ];

    private readonly byte[] _pool = new byte[PoolBytes];

    /// <summary>Makes the pool that memory and vectors are drawn from.</summary>
    public StateGenerator(ulong seed)
    {
        var rng = new Rng(seed);
        for (int i = 0; i < PoolBytes; i += 16)
        {
            FillVector(_pool.AsSpan(i, 16), rng);
        }
    }

    /// <summary>Everything but code, and without regard to what the instruction addresses.</summary>
    public void Fill(ref CpuCase c, Rng rng)
    {
        for (int i = 0; i < 16; i++)
        {
            c.Gpr[i] = Integer(rng);
        }
        c.Rflags = 0x202 | (rng.Next() & 0x8D5) | (rng.Percent(10) ? 0x400u : 0) | (rng.Percent(4) ? 0x4_0000u : 0);
        for (int i = 0; i < 16; i++)
        {
            Slice(rng, 16).CopyTo(c.Xmm(i));
            Slice(rng, 16).CopyTo(c.YmmHigh(i));
        }
        c.Mxcsr = rng.Below(10) switch
        {
            < 5 => 0x1F80,
            < 8 => 0x1F80 | ((uint)rng.Next() & 0xE07F),
            _ => (uint)rng.Next() & 0xFFFF,
        };
        FillX87(ref c, rng);
        c.XstateBv = 7;
        Slice(rng, OracleLayout.DataBytes).CopyTo(c.Data);
    }

    /// <summary>An integer of any width.</summary>
    public static ulong Integer(Rng rng) => rng.Below(8) switch
    {
        0 or 1 => rng.Pick<ulong>(s_integers),
        2 => rng.Next() & 0xFF,
        3 => (ulong)(long)(sbyte)rng.Next(),
        4 => rng.Next() & 0xFFFF_FFFF,
        5 => (ulong)(long)(int)rng.Next(),
        _ => rng.Next(),
    };

    private ReadOnlySpan<byte> Slice(Rng rng, int length) =>
        _pool.AsSpan(16 * rng.Below(((PoolBytes - length) / 16) + 1), length);

    private static void FillVector(Span<byte> vector, Rng rng)
    {
        int kind = rng.Below(10);
        switch (kind)
        {
            case 0 or 1:
                rng.Fill(vector);
                break;
            case 2 or 3 or 4:
                Span<uint> singles = MemoryMarshal.Cast<byte, uint>(vector);
                for (int i = 0; i < 4; i++)
                {
                    singles[i] = Single(rng);
                }
                break;
            case 5 or 6 or 7:
                Span<ulong> doubles = MemoryMarshal.Cast<byte, ulong>(vector);
                for (int i = 0; i < 2; i++)
                {
                    doubles[i] = Double(rng);
                }
                break;
            default:
                Span<ulong> integers = MemoryMarshal.Cast<byte, ulong>(vector);
                for (int i = 0; i < 2; i++)
                {
                    integers[i] = Integer(rng);
                }
                break;
        }
    }

    private static uint Single(Rng rng) => rng.Below(4) switch
    {
        0 => (uint)rng.Next(),
        1 => (0x3F00_0000u + (uint)(rng.Next() & 0x03FF_FFFF)) | ((uint)rng.Next() & 0x8000_0000),
        _ => rng.Pick<uint>(s_singles),
    };

    private static ulong Double(Rng rng) => rng.Below(4) switch
    {
        0 => rng.Next(),
        1 => (0x3FE0_0000_0000_0000 + (rng.Next() & 0x007F_FFFF_FFFF_FFFF)) | (rng.Next() & 0x8000_0000_0000_0000),
        _ => rng.Pick<ulong>(s_doubles),
    };

    private static void FillX87(ref CpuCase c, Rng rng)
    {
        c.Fcw = rng.Below(10) switch
        {
            < 5 => 0x37F,
            < 8 => (ushort)(0x7F | (rng.Next() & 0xF00)),
            _ => (ushort)(0x40 | (rng.Next() & 0xF3F)),
        };
        int status = (int)(rng.Next() & 0x7F00);
        if (rng.Percent(30))
        {
            status |= (int)(rng.Next() & 0x7F) & (rng.Percent(70) ? c.Fcw | 0x40 : 0x7F);
        }
        if ((status & ~c.Fcw & 0x3F) != 0)
        {
            status |= 0x8080; // ES and B follow from unmasked flags
        }
        c.Fsw = (ushort)status;
        c.Ftw = rng.Below(4) switch { 0 => 0xFF, 1 => 0, _ => (byte)rng.Next() };
        for (int i = 0; i < 8; i++)
        {
            Span<byte> st = c.St(i);
            ulong significand = rng.Percent(50) ? rng.Next() | (rng.Percent(90) ? 0x8000_0000_0000_0000 : 0)
                : rng.Pick<ulong>(s_significands);
            int exponent = rng.Below(4) switch { 0 => rng.Below(0x8000), 1 => 0x3FFF - 40 + rng.Below(80), _ =>
                rng.Pick<ushort>(s_exponents) };
            MemoryMarshal.Write(st, significand);
            MemoryMarshal.Write(st[8..], (ushort)(exponent | ((int)rng.Next() & 0x8000)));
        }
    }
}
