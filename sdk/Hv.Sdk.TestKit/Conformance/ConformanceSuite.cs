namespace Hv.Sdk.TestKit.Conformance;

/// <summary>All requirements of one contract, whatever they are tried on.</summary>
public abstract class ConformanceSuite
{
    private protected ConformanceSuite(string kind) => Kind = kind;

    /// <summary>The word for the kind in manifests, for example <c>device</c>.</summary>
    public string Kind { get; }

    /// <summary>The requirements, in the order in which they are tried.</summary>
    public abstract IReadOnlyList<Check> AllChecks { get; }
}

/// <summary>The requirements of one contract. Needs no test framework: <c>hv plugin test</c> runs it on a built plugin,
/// a base class of Hv.Sdk.Conformance.Xunit makes a test of each check. One thread.</summary>
/// <typeparam name="TSubject">What is tried: the extension and what is to be known about it.</typeparam>
public abstract class ConformanceSuite<TSubject> : ConformanceSuite
{
    /// <summary>A suite of these checks.</summary>
    protected ConformanceSuite(string kind, IReadOnlyList<Check<TSubject>> checks) : base(kind)
    {
        if (checks.Select(c => c.Name).Distinct().Count() != checks.Count) throw new ArgumentException(
            "two checks have one name", nameof(checks));
        Checks = checks;
    }

    /// <summary>The requirements, in the order in which they are tried.</summary>
    public IReadOnlyList<Check<TSubject>> Checks { get; }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Check> AllChecks => Checks;

    /// <summary>How a report names the subject.</summary>
    protected abstract string NameOf(TSubject subject);

    /// <summary>Tries all of them, or those of these names; <paramref name="progress"/> hears of each at once, on the
    /// caller's thread.</summary>
    public ConformanceReport Run(TSubject subject, ConformanceOptions options, Action<CheckResult>? progress = null,
        IReadOnlyCollection<string>? only = null)
    {
        List<CheckResult> results = [];
        foreach (Check<TSubject> check in Checks)
        {
            if (only is not null && !only.Contains(check.Name)) continue;
            CheckResult result = check.Run(subject, options);
            results.Add(result);
            progress?.Invoke(result);
        }
        return new ConformanceReport(Kind, NameOf(subject), results);
    }

    /// <summary>Tries one.</summary>
    /// <exception cref="ArgumentException">There is no check of that name.</exception>
    public CheckResult RunCheck(string name, TSubject subject, ConformanceOptions options) =>
        (Checks.FirstOrDefault(c => c.Name == name)
            ?? throw new ArgumentException($"the {Kind} suite has no check '{name}'", nameof(name)))
            .Run(subject, options);
}
