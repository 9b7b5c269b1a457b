using System.Globalization;
using System.Text;
using Hv.X86.Oracle;
using Iced.Intel;
using Xunit.Abstractions;

namespace Hv.X86.Differential.Tests;

/// <summary>Compares an engine with the host's processor over many cases, and reports what differs with all that is
/// needed to see it again: the instruction, its bytes, the seed, and the differences after the input was made as simple
/// as it stays wrong.</summary>
internal sealed class DifferentialRun(ICaseRunner oracle, ICaseRunner engine, ITestOutputHelper? output = null)
{
    private const int BatchCases = 512;
    private const int ReportedCodes = 25;

    private readonly CpuCase[] _before = new CpuCase[BatchCases];
    private readonly CpuCase[] _expected = new CpuCase[BatchCases];
    private readonly CpuCase[] _actual = new CpuCase[BatchCases];
    private readonly Instruction[] _instructions = new Instruction[BatchCases];
    private readonly ulong[] _seeds = new ulong[BatchCases];
    private readonly SortedDictionary<string, (int Count, string Example)> _failures = [];
    private int _pending;

    /// <summary>Cases compared.</summary>
    public long Compared { get; private set; }
    /// <summary>Cases in which the processor faulted.</summary>
    public long Faulted { get; private set; }
    /// <summary>Cases that differ.</summary>
    public long Different { get; private set; }

    /// <summary>Compares <paramref name="cases"/> cases, spread evenly over <paramref name="codes"/>.</summary>
    public void Run(CaseGenerator generator, ReadOnlySpan<Code> codes, long cases, ulong seed)
    {
        for (long i = 0; i < cases; i++)
        {
            ulong own = (seed << 32) + (ulong)i;
            if (generator.TryNext(codes[(int)(i % codes.Length)], own, out _before[_pending],
                out _instructions[_pending]))
            {
                _seeds[_pending++] = own;
                if (_pending == BatchCases)
                {
                    Flush(generator);
                }
            }
        }
        Flush(generator);
    }

    /// <summary>Fails with a report when anything differed.</summary>
    public void AssertNoDifferences()
    {
        output?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Compared} cases compared, {Faulted} of them faults, {Different} different"));
        if (Different == 0)
        {
            return;
        }
        var text = new StringBuilder();
        _ = text.Append(CultureInfo.InvariantCulture,
            $"{Different} of {Compared} cases differ, in {_failures.Count} encodings\n");
        foreach ((string code, (int count, _)) in _failures)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"  {code} ({count})");
        }
        _ = text.Append('\n');
        foreach ((string code, (int count, string example)) in _failures.Take(ReportedCodes))
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"{code}: {count} cases, for example\n{example}");
        }
        Assert.Fail(text.ToString());
    }

    private void Flush(CaseGenerator generator)
    {
        int count = _pending;
        _pending = 0;
        _before.AsSpan(0, count).CopyTo(_expected);
        _before.AsSpan(0, count).CopyTo(_actual);
        oracle.Run(_expected.AsSpan(0, count));
        engine.Run(_actual.AsSpan(0, count));
        for (int i = 0; i < count; i++)
        {
            Compared++;
            if (_expected[i].Vector != CpuCase.NoFault)
            {
                Faulted++;
            }
            if (StateComparer.Compare(ref _before[i], ref _expected[i], ref _actual[i], _instructions[i]) != null)
            {
                Different++;
                Report(generator, i);
            }
        }
    }

    private void Report(CaseGenerator generator, int i)
    {
        string code = _instructions[i].Code.ToString();
        if (_failures.TryGetValue(code, out (int Count, string Example) known))
        {
            _failures[code] = (known.Count + 1, known.Example);
            return;
        }
        if (_failures.Count >= ReportedCodes)
        {
            _failures[code] = (1, "");
            return;
        }
        CpuCase simple = _before[i];
        Simplify(ref simple, _instructions[i]);
        string? difference = Compare(simple, _instructions[i]);
        string bytes = Convert.ToHexString(simple.CodeSpan);
        _failures[code] = (1, string.Create(CultureInfo.InvariantCulture,
            $"  {_instructions[i]}   [{bytes}] {generator.Bitness}-bit, seed {_seeds[i]:X}\n{Inputs(ref simple)}{difference}"));
    }

    /// <summary>What is left of the input.</summary>
    private static string Inputs(ref CpuCase c)
    {
        var text = new StringBuilder("    with");
        for (int i = 0; i < 16; i++)
        {
            if (c.Gpr[i] != 0)
            {
                _ = text.Append(CultureInfo.InvariantCulture, $" r{i}={c.Gpr[i]:X}");
            }
        }
        for (int i = 0; i < 16; i++)
        {
            if (c.Xmm(i).ContainsAnyExcept((byte)0) || c.YmmHigh(i).ContainsAnyExcept((byte)0))
            {
                _ = text.Append(CultureInfo.InvariantCulture,
                    $" ymm{i}(low first)={Convert.ToHexString(c.Xmm(i))}{Convert.ToHexString(c.YmmHigh(i))}");
            }
        }
        return text.Append(CultureInfo.InvariantCulture,
            $" rflags={c.Rflags:X} mxcsr={c.Mxcsr:X} fcw={c.Fcw:X} fsw={c.Fsw:X} ftw={c.Ftw:X}\n").ToString();
    }

    /// <summary>Clears one part of the input after another, as long as the two still differ.</summary>
    private void Simplify(ref CpuCase c, in Instruction instruction)
    {
        for (int i = 0; i < 16; i++)
        {
            CpuCase candidate = c;
            candidate.Gpr[i] = i == 4 ? OracleLayout.Data + 0x800 : 0;
            Keep(ref c, candidate, instruction);
            candidate = c;
            candidate.Xmm(i).Clear();
            Keep(ref c, candidate, instruction);
            candidate = c;
            candidate.YmmHigh(i).Clear();
            Keep(ref c, candidate, instruction);
        }
        for (int i = 0; i < 8; i++)
        {
            CpuCase candidate = c;
            candidate.St(i).Clear();
            Keep(ref c, candidate, instruction);
        }
        for (int i = 0; i < OracleLayout.DataBytes; i += 256)
        {
            CpuCase candidate = c;
            ((Span<byte>)candidate.Data).Slice(i, 256).Clear();
            Keep(ref c, candidate, instruction);
        }
        CpuCase plain = c;
        plain.Rflags = 0x202;
        Keep(ref c, plain, instruction);
        plain = c;
        plain.Mxcsr = 0x1F80;
        Keep(ref c, plain, instruction);
        plain = c;
        plain.Fcw = 0x37F;
        plain.Fsw = 0;
        Keep(ref c, plain, instruction);
    }

    private void Keep(ref CpuCase c, CpuCase candidate, in Instruction instruction)
    {
        if (Compare(candidate, instruction) != null)
        {
            c = candidate;
        }
    }

    private string? Compare(CpuCase c, in Instruction instruction)
    {
        CpuCase[] expected = [c], actual = [c];
        oracle.Run(expected);
        engine.Run(actual);
        return StateComparer.Compare(ref c, ref expected[0], ref actual[0], instruction);
    }
}
