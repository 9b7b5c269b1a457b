namespace Hv.Diagnostics;

/// <summary>One mistake: what is wrong, where, and what would be right.</summary>
/// <param name="Code">One of <see cref="Codes"/>.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Problem">What is wrong; one line, no full stop.</param>
/// <param name="Remedy">What to do; null when the problem says it already.</param>
public sealed record Diagnostic(string Code, Place Place, string Problem, string? Remedy)
{
    /// <summary><c>place: error HVnnnn: problem</c>, and the remedy indented on a line of its own.</summary>
    public override string ToString()
    {
        string line = $"{Place}: error {Code}: {Problem}";
        return Remedy is null ? line : $"{line}\n    {Remedy}";
    }
}

/// <summary>Collects mistakes, so that all are reported at once. One thread.</summary>
public sealed class DiagnosticBag
{
    private readonly List<Diagnostic> items = [];

    /// <summary>Everything collected, in the order it was found.</summary>
    public IReadOnlyList<Diagnostic> Items => items;

    /// <summary>Whether anything was collected.</summary>
    public bool HasErrors => items.Count > 0;

    /// <summary>Adds one mistake.</summary>
    public void Error(string code, Place place, string problem, string? remedy = null) =>
        items.Add(new Diagnostic(code, place, problem, remedy));

    /// <summary>Adds what was collected elsewhere.</summary>
    public void AddRange(IEnumerable<Diagnostic> others) => items.AddRange(others);
}

/// <summary>Carries mistakes to whoever reports them and chooses the exit code.</summary>
public sealed class DiagnosticException : Exception
{
    /// <summary>With one mistake.</summary>
    public DiagnosticException(Diagnostic diagnostic, Exception? inner = null)
        : base(diagnostic.ToString(), inner) => Diagnostics = [diagnostic];

    /// <summary>With several.</summary>
    public DiagnosticException(IReadOnlyList<Diagnostic> diagnostics)
        : base(string.Join('\n', diagnostics)) => Diagnostics = diagnostics;

    /// <summary>The mistakes, at least one.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; }
}
