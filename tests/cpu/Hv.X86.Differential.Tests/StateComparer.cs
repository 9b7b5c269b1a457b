using System.Globalization;
using System.Runtime.InteropServices;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Compares the states that two runners left, apart from what the manual leaves undefined.</summary>
internal static class StateComparer
{
    private const ulong Resume = 0x1_0000;
    private const ulong StatusFlags = 0x8D5;
    private const uint PageFault = 14;
    private const ulong UserLimit = 0x0000_7FFF_FFFF_F000;

    private static readonly string[] s_gpr =
        ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

    /// <summary>Null when both agree; otherwise the differences, one a line.</summary>
    /// <param name="before">The state that both started from.</param>
    /// <param name="expected">What the oracle left; changed by masking.</param>
    /// <param name="actual">What is tested; changed by masking.</param>
    /// <param name="instruction">The instruction.</param>
    public static string? Compare(ref CpuCase before, ref CpuCase expected, ref CpuCase actual,
        in Instruction instruction)
    {
        Mask(ref before, ref expected, instruction);
        Mask(ref before, ref actual, instruction);
        if (Bytes(ref expected).SequenceEqual(Bytes(ref actual)))
        {
            return null;
        }
        if (HostQuirks.Explain(expected, actual, instruction)
            || ApproximateResults.Agree(ref expected, ref actual, instruction))
        {
            return null;
        }
        return Describe(ref before, ref expected, ref actual);
    }

    /// <summary>All bytes of a case.</summary>
    public static Span<byte> Bytes(ref CpuCase c) => MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref c, 1));

    /// <summary>RFLAGS bits of Iced's flags.</summary>
    public static ulong ToRflags(RflagsBits bits)
    {
        ulong flags = 0;
        flags |= (bits & RflagsBits.CF) != 0 ? 1ul : 0;
        flags |= (bits & RflagsBits.PF) != 0 ? 4ul : 0;
        flags |= (bits & RflagsBits.AF) != 0 ? 0x10ul : 0;
        flags |= (bits & RflagsBits.ZF) != 0 ? 0x40ul : 0;
        flags |= (bits & RflagsBits.SF) != 0 ? 0x80ul : 0;
        flags |= (bits & RflagsBits.IF) != 0 ? 0x200ul : 0;
        flags |= (bits & RflagsBits.DF) != 0 ? 0x400ul : 0;
        flags |= (bits & RflagsBits.OF) != 0 ? 0x800ul : 0;
        flags |= (bits & RflagsBits.AC) != 0 ? 0x4_0000ul : 0;
        return flags;
    }

    private static void Mask(ref CpuCase before, ref CpuCase after, in Instruction instruction)
    {
        // SDM vol. 3, 20.3.1.1 (RF in the image that a fault pushes): checked by tests of its own.
        after.Rflags &= ~Resume;
        if (UndefinedResults.IsComplete(before, after))
        {
            after.Rflags &= ~(ToRflags(instruction.RflagsUndefined) & StatusFlags);
            MaskUndefinedX87(ref after, instruction);
        }
        if (after.Vector == PageFault && after.FaultAddress >= UserLimit)
        {
            after.ErrorCode |= 1; // Linux does not tell user code what is mapped in the kernel's half
        }
        Span<byte> image = after.Xsave;
        image[6..24].Clear(); // FOP, FIP, FDP: kept by AMD only with an unmasked exception (APM vol. 2, 11.4.4)
        image[28..32].Clear(); // MXCSR_MASK
        UndefinedResults.Mask(ref before, ref after, instruction);
    }

    private static void MaskUndefinedX87(ref CpuCase after, in Instruction instruction)
    {
        RflagsBits bits = instruction.RflagsUndefined;
        int conditions = 0;
        conditions |= (bits & RflagsBits.C0) != 0 ? 0x100 : 0;
        conditions |= (bits & RflagsBits.C1) != 0 ? 0x200 : 0;
        conditions |= (bits & RflagsBits.C2) != 0 ? 0x400 : 0;
        conditions |= (bits & RflagsBits.C3) != 0 ? 0x4000 : 0;
        after.Fsw &= (ushort)~conditions;
    }

    private static string Describe(ref CpuCase before, ref CpuCase expected, ref CpuCase actual)
    {
        var text = new System.Text.StringBuilder();
        void Line(string name, string was, string want, string got)
        {
            if (want != got)
            {
                _ = text.Append(CultureInfo.InvariantCulture, $"    {name}: before {was} expected {want} got {got}\n");
            }
        }
        Line("fault", "-", Fault(expected), Fault(actual));
        Line("rip", Hex(before.Rip), Hex(expected.Rip), Hex(actual.Rip));
        Line("rflags", Hex(before.Rflags), Hex(expected.Rflags), Hex(actual.Rflags));
        for (int i = 0; i < 16; i++)
        {
            Line(s_gpr[i], Hex(before.Gpr[i]), Hex(expected.Gpr[i]), Hex(actual.Gpr[i]));
        }
        for (int i = 0; i < 16; i++)
        {
            Line($"ymm{i}", Hex(before.YmmHigh(i)) + Hex(before.Xmm(i)),
                Hex(expected.YmmHigh(i)) + Hex(expected.Xmm(i)),
                Hex(actual.YmmHigh(i)) + Hex(actual.Xmm(i)));
        }
        for (int i = 0; i < 8; i++)
        {
            Line($"st{i}", Hex(before.St(i)), Hex(expected.St(i)), Hex(actual.St(i)));
        }
        Line("mxcsr", Hex(before.Mxcsr), Hex(expected.Mxcsr), Hex(actual.Mxcsr));
        Line("fcw", Hex(before.Fcw), Hex(expected.Fcw), Hex(actual.Fcw));
        Line("fsw", Hex(before.Fsw), Hex(expected.Fsw), Hex(actual.Fsw));
        Line("ftw", Hex(before.Ftw), Hex(expected.Ftw), Hex(actual.Ftw));
        for (int i = 0; i < OracleLayout.DataBytes; i += 8)
        {
            Line($"[{OracleLayout.Data + (ulong)i:X}]", Hex(Data(ref before, i)), Hex(Data(ref expected, i)),
                Hex(Data(ref actual, i)));
        }
        return text.Length == 0
            ? $"    images differ at byte {Bytes(ref expected).CommonPrefixLength(Bytes(ref actual))}\n"
            : text.ToString();
    }

    private static ulong Data(ref CpuCase c, int offset) => MemoryMarshal.Read<ulong>(((Span<byte>)c.Data)[offset..]);

    private static string Fault(in CpuCase c) =>
        c.Vector == CpuCase.NoFault ? "none" : $"#{c.Vector}({c.ErrorCode:X}) cr2={c.FaultAddress:X}";

    private static string Hex(ulong value) => value.ToString("X", CultureInfo.InvariantCulture);

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        Span<byte> reversed = stackalloc byte[bytes.Length];
        bytes.CopyTo(reversed);
        reversed.Reverse();
        return Convert.ToHexString(reversed);
    }
}
