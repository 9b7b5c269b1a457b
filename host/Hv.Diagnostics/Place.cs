namespace Hv.Diagnostics;

/// <summary>Where something stands: a file with line and column, or a flag of the command line.</summary>
/// <param name="Source">A path as the user gave it, or a flag such as <c>--disk</c>.</param>
/// <param name="Line">First line is 1; 0 when the source as a whole is meant.</param>
/// <param name="Column">First column is 1, counted in characters; 0 when the line as a whole is meant.</param>
public readonly record struct Place(string Source, int Line, int Column)
{
    /// <summary>A source as a whole.</summary>
    public static Place Of(string source) => new(source, 0, 0);

    /// <inheritdoc/>
    public override string ToString() => Line == 0 ? Source : $"{Source}:{Line}:{Column}";
}
