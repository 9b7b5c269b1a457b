using System.Globalization;

namespace Hv.PluginHost;

/// <summary>The versions of the SDK that a plugin works with, written as in <c>&gt;=1.4 &lt;2.0</c>: comparisons that
/// must all hold, each of <c>&gt;=</c>, <c>&gt;</c>, <c>&lt;=</c>, <c>&lt;</c>, <c>=</c> with major.minor.</summary>
public sealed class SdkRange
{
    private static readonly string[] Operators = [">=", "<=", ">", "<", "="];
    private readonly List<(string Operator, Version Version)> bounds = [];
    private readonly string text;

    private SdkRange(string text) => this.text = text;

    /// <summary>Reads a range; null when it is none.</summary>
    public static SdkRange? Parse(string text)
    {
        var range = new SdkRange(text);
        foreach (string term in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string? op = Array.Find(Operators, o => term.StartsWith(o, StringComparison.Ordinal));
            if (op is null || ParseVersion(term.AsSpan(op.Length)) is not { } version)
            {
                return null;
            }

            range.bounds.Add((op, version));
        }

        return range.bounds.Count == 0 ? null : range;
    }

    /// <summary>Whether a version lies in the range. Only major and minor count.</summary>
    public bool Contains(Version version)
    {
        var v = new Version(version.Major, version.Minor);
        return bounds.TrueForAll(b => b.Operator switch
        {
            ">=" => v >= b.Version,
            "<=" => v <= b.Version,
            ">" => v > b.Version,
            "<" => v < b.Version,
            _ => v == b.Version,
        });
    }

    /// <inheritdoc/>
    public override string ToString() => text;

    private static Version? ParseVersion(ReadOnlySpan<char> text)
    {
        int dot = text.IndexOf('.');
        return dot > 0
            && int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? new Version(major, minor)
            : null;
    }
}
