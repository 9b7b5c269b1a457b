using System.Text.RegularExpressions;
using Hv.X86.Interpreter;
using Hv.X86.Oracle;
using Iced.Intel;
using Xunit.Abstractions;

namespace Hv.X86.Differential.Tests;

/// <summary>The interpreter against the host's own processor, instruction by instruction.</summary>
public sealed class InterpreterTests(ITestOutputHelper output)
{
    private const ulong Seed = 2026;

    [OracleTheory]
    [InlineData(64, 150_000)]
    [InlineData(32, 50_000)]
    public void Run_EveryEncoding_AgreesWithTheHost(int bitness, long cases) => Compare(bitness, cases, Seed);

    [OracleTheory]
    [Trait("tier", "nightly")]
    [InlineData(64, 8_000_000)]
    [InlineData(32, 2_500_000)]
    public void Run_EveryEncodingManyTimes_AgreesWithTheHost(int bitness, long cases) =>
        Compare(bitness, cases, (ulong)DateTime.UtcNow.Ticks & 0x7FFF_FFFF);

    private void Compare(int bitness, long cases, ulong seed)
    {
        using HostOracle oracle = HostOracle.Start();
        using var engine = new EngineRunner(new InterpreterPlugin());
        Code[] codes = InstructionScope.Comparable(bitness);
        if (Environment.GetEnvironmentVariable("HV_DIFFERENTIAL_ONLY") is { Length: > 0 } only)
        {
            // For work on one group: a regular expression over the encodings' names.
            codes = [.. codes.Where(c => Regex.IsMatch(c.ToString(), only, RegexOptions.IgnoreCase))];
        }
        Code[] missing = InstructionScope.MissingOnHost(bitness);
        output.WriteLine($"seed {seed}: {codes.Length} encodings; {missing.Length} skipped because the host lacks them: {string.Join(' ', missing)}");
        var run = new DifferentialRun(oracle, engine, output);
        run.Run(new CaseGenerator(bitness), codes, cases, seed);
        run.AssertNoDifferences();
    }
}
