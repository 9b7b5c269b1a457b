using System.Text;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>What a suite found out about a subject.</summary>
/// <param name="Suite">The suite's kind.</param>
/// <param name="Subject">What was tried, for people.</param>
/// <param name="Results">One result a check, in the suite's order.</param>
public sealed record ConformanceReport(string Suite, string Subject, IReadOnlyList<CheckResult> Results)
{
    /// <summary>Nothing failed.</summary>
    public bool IsConforming => Count(CheckOutcome.Failed) == 0;

    /// <summary>How many checks ended so.</summary>
    public int Count(CheckOutcome outcome) => Results.Count(r => r.Outcome == outcome);

    /// <summary>The report as text: a line a check, evidence below what failed, a sum at the end.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Suite).Append(' ').AppendLine(Subject);
        foreach (CheckResult result in Results) text.AppendLine(Line(result));
        text.Append(Count(CheckOutcome.Passed)).Append(" passed, ").Append(Count(CheckOutcome.Failed)).Append(
            " failed, ")
            .Append(Count(CheckOutcome.NotApplicable)).Append(" not applicable");
        return text.ToString();
    }

    private static string Line(CheckResult result)
    {
        string verdict =
            result.Outcome switch { CheckOutcome.Passed => "ok  ", CheckOutcome.Failed => "FAIL", _ => "n/a " };
        string line = $"  {verdict} {result.Check.Name}";
        if (result.Evidence.Length == 0) return line;
        string seed = result.Seed is { } s ? $" (seed {s})" : "";
        string evidence = result.Evidence.ReplaceLineEndings(Environment.NewLine + "         ");
        return $"{line}: {result.Check.Meaning}{seed}{Environment.NewLine}         {evidence}";
    }
}
