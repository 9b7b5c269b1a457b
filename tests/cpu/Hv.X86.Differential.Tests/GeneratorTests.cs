using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>The case generator itself.</summary>
public sealed class GeneratorTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void TryNext_EveryComparableEncoding_CanBeMade(int bitness)
    {
        var generator = new CaseGenerator(bitness);
        var missing = new List<Code>();
        foreach (Code code in InstructionScope.Comparable(bitness))
        {
            bool made = false;
            for (ulong seed = 0; seed < 20 && !made; seed++)
            {
                made = generator.TryNext(code, seed, out _, out _);
            }
            if (!made)
            {
                missing.Add(code);
            }
        }
        Assert.Equal("", string.Join(' ', missing));
    }

    [OracleFact]
    public void HostOracle_SameCases_GiveSameResults()
    {
        using HostOracle oracle = HostOracle.Start();
        var generator = new CaseGenerator(64);
        Code[] codes = InstructionScope.Comparable(64);
        var first = new List<CpuCase>();
        var instructions = new List<Instruction>();
        for (int i = 0; first.Count < 20_000; i++)
        {
            if (generator.TryNext(codes[i % codes.Length], (ulong)i, out CpuCase c, out Instruction instruction))
            {
                first.Add(c);
                instructions.Add(instruction);
            }
        }
        CpuCase[] once = [.. first], twice = [.. first];
        oracle.Run(once);
        oracle.Run(twice);
        for (int i = 0; i < once.Length; i++)
        {
            CpuCase before = first[i];
            Assert.True(StateComparer.Bytes(ref once[i]).SequenceEqual(StateComparer.Bytes(ref twice[i])),
                $"{instructions[i]} seed {i}");
        }
    }
}
