using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Makes cases of one instruction each. The same seed gives the same case.</summary>
internal sealed class CaseGenerator(int bitness)
{
    private const ulong Entry = OracleLayout.Code + 0x800;
    private readonly EncodingGenerator _encodings = new();
    private readonly StateGenerator _states = new(0x4856);

    /// <summary>The mode of the cases, 64 or 32.</summary>
    public int Bitness => bitness;

    /// <summary>Makes the case of <paramref name="seed"/> for an instruction. False when none could be made.</summary>
    public bool TryNext(Code code, ulong seed, out CpuCase c, out Instruction instruction)
    {
        var rng = new Rng(seed);
        c = default;
        _states.Fill(ref c, rng);
        c.Bitness = (uint)bitness;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            c.Rip = Entry;
            if (!_encodings.TryNext(code, bitness, Entry, rng, out instruction, out ReadOnlySpan<byte> bytes))
            {
                return false;
            }
            c.CodeLength = (uint)instruction.Length;
            bytes.CopyTo(c.CodeSpan);
            if (rng.Percent(1))
            {
                PlaceAtPageEnd(ref c, rng);
            }
            instruction = Decode(ref c);
            if (!OperandPlacer.TryPlaceOperands(ref c, instruction, c.CodeSpan, _encodings.Offsets(instruction), rng))
            {
                continue;
            }
            instruction = Decode(ref c);
            OperandPlacer.SpecialOperands(ref c, instruction, rng);
            if (OperandPlacer.TryPlaceBranch(ref c, instruction, c.CodeSpan, _encodings.Offsets(instruction), rng))
            {
                instruction = Decode(ref c);
                return instruction.Code == code;
            }
        }
        instruction = default;
        return false;
    }

    /// <summary>Decodes a case's first instruction.</summary>
    public Instruction Decode(ref CpuCase c) => _encodings.Decode(c.CodeSpan, bitness, c.Rip);

    /// <summary>Lets the instruction cross from one code page into the other, or into the unmapped page behind
    /// them.</summary>
    private static void PlaceAtPageEnd(ref CpuCase c, Rng rng)
    {
        ulong end = OracleLayout.Code + (rng.Percent(70) ? 0x1000ul : 0x2000);
        c.Rip = end - 1 - (ulong)rng.Below((int)c.CodeLength);
    }

}
