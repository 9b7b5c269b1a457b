namespace Hv.Sdk.TestKit.Conformance;

/// <summary>One requirement of a contract: what it is called and what it means.</summary>
public abstract class Check
{
    private protected Check(string name, string meaning) => (Name, Meaning) = (name, meaning);

    /// <summary>Its name on command lines, in reports and in tests: lower case, words joined by '-'. Never used for
    /// another meaning.</summary>
    public string Name { get; }

    /// <summary>What holds when it passes, one line.</summary>
    public string Meaning { get; }
}

/// <summary>A requirement that can be tried on a subject.</summary>
/// <typeparam name="TSubject">What is tried: the extension and what is to be known about it.</typeparam>
public sealed class Check<TSubject> : Check
{
    private readonly Action<TSubject, CheckRun> attempt;

    /// <summary>A requirement; <paramref name="attempt"/> returns when it holds and throws when it does not.</summary>
    public Check(string name, string meaning, Action<TSubject, CheckRun> attempt) : base(name, meaning) =>
        this.attempt = attempt;

    /// <summary>Tries it. Whatever the subject throws is a failure, with the exception as evidence.</summary>
    public CheckResult Run(TSubject subject, ConformanceOptions options)
    {
        CheckRun run = new(Name, options);
        try
        {
            attempt(subject, run);
            return new CheckResult { Check = this, Outcome = CheckOutcome.Passed, Evidence = "" };
        }
        catch (NotApplicableException e)
        {
            return new CheckResult { Check = this, Outcome = CheckOutcome.NotApplicable, Evidence = e.Message };
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            string evidence = e is ContractException ? e.Message : e.ToString();
            return new CheckResult { Check = this, Outcome = CheckOutcome.Failed, Evidence = evidence,
                Seed = run.Seed };
        }
    }
}
