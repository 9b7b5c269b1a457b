using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>One attempt of one check: gives it seeds and takes its verdict.</summary>
public sealed class CheckRun
{
    private readonly ConformanceOptions options;
    private readonly int firstSeed;

    internal CheckRun(string check, ConformanceOptions options)
    {
        this.options = options;

        // FNV-1a: each check has seeds of its own, so that together they try more.
        uint hash = 2_166_136_261;
        foreach (char c in check) hash = (hash ^ c) * 16_777_619;
        firstSeed = (int)(hash % 1_000_000) & ~1;
    }

    /// <summary>The seed in use; null before the first.</summary>
    public int? Seed { get; private set; }

    /// <summary>The seeds of this run: <paramref name="count"/> times the effort, or the one that was asked
    /// for.</summary>
    public IEnumerable<int> Seeds(int count)
    {
        if (options.Seed is { } only)
        {
            Seed = only;
            yield return only;
            yield break;
        }
        for (int i = 0; i < count * options.Effort; i++)
        {
            Seed = firstSeed + i;
            yield return firstSeed + i;
        }
    }

    /// <summary>The requirement does not hold.</summary>
    /// <exception cref="ContractException">Always.</exception>
    [DoesNotReturn]
    public static void Fail(string evidence) => throw new ContractException(evidence);

    /// <summary>Fails with this evidence unless <paramref name="holds"/>.</summary>
    public static void Require([DoesNotReturnIf(false)] bool holds, string evidence)
    {
        if (!holds) Fail(evidence);
    }

    /// <summary>The requirement says nothing about this subject.</summary>
    /// <exception cref="NotApplicableException">Always.</exception>
    [DoesNotReturn]
    public static void NotApplicable(string reason) => throw new NotApplicableException(reason);
}

/// <summary>A check says nothing about a subject; the message says why.</summary>
public sealed class NotApplicableException(string reason) : Exception(reason);
