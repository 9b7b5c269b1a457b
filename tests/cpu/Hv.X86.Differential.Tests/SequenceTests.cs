using Hv.X86.Interpreter;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Short sequences of register instructions, which a block executes as one chain: lazily kept flags, fused
/// pairs, faults in the middle.</summary>
public sealed class SequenceTests
{
    private const ulong Entry = OracleLayout.Code + 0x400;
    private const int MaxInstructions = 6;

    [OracleTheory]
    [InlineData(64, 40_000, 11)]
    [InlineData(32, 15_000, 12)]
    public void Run_RegisterInstructionsInARow_AgreeWithTheHost(int bitness, int cases, ulong seed) =>
        Compare(bitness, cases, seed);

    [OracleTheory]
    [Trait("tier", "nightly")]
    [InlineData(64, 2_000_000, 2011)]
    [InlineData(32, 1_000_000, 2012)]
    public void Run_ManyRegisterInstructionsInARow_AgreeWithTheHost(int bitness, int cases, ulong seed) =>
        Compare(bitness, cases, seed);

    private static void Compare(int bitness, int cases, ulong seed)
    {
        using HostOracle oracle = HostOracle.Start();
        using var engine = new EngineRunner(new InterpreterPlugin());
        var sequences = new SequenceGenerator(bitness);
        var before = new CpuCase[512];
        var undefined = new ulong[512];
        var texts = new string[512];
        for (int done = 0; done < cases; done += before.Length)
        {
            for (int i = 0; i < before.Length; i++)
            {
                texts[i] = sequences.Next((seed << 32) + (ulong)(done + i), out before[i], out undefined[i]);
            }
            CpuCase[] expected = [.. before], actual = [.. before];
            oracle.Run(expected);
            engine.Run(actual);
            for (int i = 0; i < before.Length; i++)
            {
                expected[i].Rflags &= ~undefined[i];
                actual[i].Rflags &= ~undefined[i];
                string? difference = StateComparer.Compare(ref before[i], ref expected[i], ref actual[i], default);
                Assert.True(difference == null,
                    $"{texts[i]}[{Convert.ToHexString(before[i].CodeSpan)}] rflags={before[i].Rflags:X}\n{difference}");
            }
        }
    }

    /// <summary>Draws sequences, and follows which flags are undefined in them: no instruction may read one.</summary>
    private sealed class SequenceGenerator(int bitness)
    {
        private readonly EncodingGenerator _encodings = new();
        private readonly StateGenerator _states = new(0x5345);
        private readonly Code[] _codes = [.. InstructionScope.Comparable(bitness).Where(IsSuitable)];

        public string Next(ulong seed, out CpuCase c, out ulong undefinedEver)
        {
            var rng = new Rng(seed);
            c = default;
            _states.Fill(ref c, rng);
            c.Bitness = (uint)bitness;
            c.Rip = Entry;
            c.Rflags &= ~0x4_0400ul; // neither AC nor DF
            if (bitness == 32)
            {
                for (int i = 0; i < 8; i++)
                {
                    c.Gpr[i] &= uint.MaxValue;
                }
            }
            undefinedEver = 0;
            RflagsBits undefined = RflagsBits.None;
            string text = "";
            int count = 2 + rng.Below(MaxInstructions - 1);
            for (int tries = 0; count > 0 && tries < 60; tries++)
            {
                Code code = rng.Pick<Code>(_codes);
                ulong ip = Entry + c.CodeLength;
                if (!_encodings.TryNext(code, bitness, ip, rng, out Instruction instruction,
                    out ReadOnlySpan<byte> bytes)
                    || !IsSuitable(instruction) || (instruction.RflagsRead & undefined) != 0)
                {
                    continue;
                }
                bytes.CopyTo(((Span<byte>)c.Code)[(int)c.CodeLength..]);
                c.CodeLength += (uint)bytes.Length;
                undefined = (undefined & ~(instruction.RflagsWritten | instruction.RflagsCleared
                    | instruction.RflagsSet)) | instruction.RflagsUndefined;
                undefinedEver |= StateComparer.ToRflags(undefined);
                text += $"{instruction}; ";
                count--;
            }
            return text;
        }

        /// <summary>Instructions of which Iced's flags say everything: the count of a shift changes which flags it
        /// writes.</summary>
        private static bool IsSuitable(Code code) => code.FlowControl() == FlowControl.Next && code.Mnemonic() is not
            (Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Sal or Mnemonic.Rol or Mnemonic.Ror
                or Mnemonic.Rcl or Mnemonic.Rcr
            or Mnemonic.Shld or Mnemonic.Shrd or Mnemonic.Std or Mnemonic.Pause or Mnemonic.Vpextrd or Mnemonic.Vpinsrd)
            && !code.CpuidFeatures().Any(f => f is CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU387)
                && !IsApproximate(code);

        private static bool IsApproximate(Code code) => code.Mnemonic() is Mnemonic.Rcpps or Mnemonic.Rcpss
            or Mnemonic.Rsqrtps or Mnemonic.Rsqrtss
            or Mnemonic.Vrcpps or Mnemonic.Vrcpss or Mnemonic.Vrsqrtps or Mnemonic.Vrsqrtss;

        private static bool IsSuitable(in Instruction instruction)
        {
            for (int i = 0; i < instruction.OpCount; i++)
            {
                if (instruction.GetOpKind(i) is not (OpKind.Register
                    or (>= OpKind.Immediate8 and <= OpKind.Immediate32to64)))
                {
                    return false;
                }
            }
            return !instruction.IsStackInstruction;
        }
    }
}
