using System.Runtime.InteropServices;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Instructions whose results are approximations that differ between processors: both must lie within the
/// manual's bound.</summary>
internal static class ApproximateResults
{
    // Each side may be off by 1.5 × 2⁻¹² (SDM vol. 2, RCPPS and RSQRTPS).
    private const double ReciprocalBound = 2 * 1.5 / 4096;

    /// <summary>True when this instruction approximates, and the two results are as near as the manual asks.</summary>
    public static bool Agree(ref CpuCase expected, ref CpuCase actual, in Instruction instruction) =>
        instruction.Mnemonic switch
    {
        Mnemonic.Rcpps or Mnemonic.Rcpss or Mnemonic.Rsqrtps or Mnemonic.Rsqrtss or Mnemonic.Vrcpps or Mnemonic.Vrcpss
            or Mnemonic.Vrsqrtps
            or Mnemonic.Vrsqrtss => AgreeOnSingles(ref expected, ref actual, instruction.Op0Register.GetNumber()),
        Mnemonic.Fsin or Mnemonic.Fcos or Mnemonic.Fsincos or Mnemonic.Fptan or Mnemonic.Fpatan or Mnemonic.F2xm1
        or Mnemonic.Fyl2x
            or Mnemonic.Fyl2xp1 => AgreeOnX87(ref expected, ref actual),
        _ => false,
    };

    private static bool AgreeOnSingles(ref CpuCase expected, ref CpuCase actual, int register)
    {
        if (!Near(expected.Xmm(register), actual.Xmm(register))
            || !Near(expected.YmmHigh(register), actual.YmmHigh(register)))
        {
            return false;
        }
        expected.Xmm(register).CopyTo(actual.Xmm(register));
        expected.YmmHigh(register).CopyTo(actual.YmmHigh(register));
        return StateComparer.Bytes(ref expected).SequenceEqual(StateComparer.Bytes(ref actual));
    }

    private static bool Near(Span<byte> expected, Span<byte> actual)
    {
        Span<float> want = MemoryMarshal.Cast<byte, float>(expected);
        Span<float> got = MemoryMarshal.Cast<byte, float>(actual);
        for (int i = 0; i < want.Length; i++)
        {
            bool same = BitConverter.SingleToUInt32Bits(want[i]) == BitConverter.SingleToUInt32Bits(got[i]);
            if (!same && !(Math.Abs((double)got[i] - want[i]) <= ReciprocalBound * Math.Abs((double)want[i])))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>One unit in the last place between two results, as both vendors claim for themselves (SDM vol. 1,
    /// 8.3.10); C1 and the precision flag follow from the rounding of the last bit, so they may differ as
    /// well.</summary>
    private static bool AgreeOnX87(ref CpuCase expected, ref CpuCase actual)
    {
        for (int i = 0; i < 8; i++)
        {
            UInt128 want = Ordinal(expected.St(i)), got = Ordinal(actual.St(i));
            bool near = (want > got ? want - got : got - want) <= 2;
            if (!near)
            {
                return false;
            }
            expected.St(i).CopyTo(actual.St(i));
        }
        const int RoundedUp = 0x200, Precision = 0x20;
        expected.Fsw = (ushort)((expected.Fsw & ~RoundedUp) | Precision);
        actual.Fsw = (ushort)((actual.Fsw & ~RoundedUp) | Precision);
        return StateComparer.Bytes(ref expected).SequenceEqual(StateComparer.Bytes(ref actual));
    }

    /// <summary>A number that neighbouring values of one sign differ in by 1, across exponents too.</summary>
    private static UInt128 Ordinal(ReadOnlySpan<byte> value)
    {
        ulong significand = MemoryMarshal.Read<ulong>(value);
        ushort exponent = MemoryMarshal.Read<ushort>(value[8..]);
        bool isNormal = (significand >> 63) != 0 && (exponent & 0x7FFF) is not (0 or 0x7FFF);
        // What is not normal has to be the same bit for bit: its ordinals are far from each other.
        return isNormal
            ? ((UInt128)exponent << 63) + (significand & long.MaxValue)
            : ((UInt128)exponent << 112) + ((UInt128)significand << 8) + 1;
    }
}
