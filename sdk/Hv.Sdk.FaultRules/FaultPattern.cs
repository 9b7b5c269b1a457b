using System.IO.Enumeration;
using Hv.Sdk.Faults;

namespace Hv.Sdk.FaultRules;

/// <summary>Where a rule applies: <c>DEVICE[:POINT]</c>, both with <c>*</c> and <c>?</c>. Without a point every point
/// of the device is meant that the fault can break.</summary>
public sealed class FaultPattern
{
    private readonly string path;
    private readonly string point;

    /// <summary>Reads a pattern. Any text is one.</summary>
    public FaultPattern(string text)
    {
        Text = text;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        path = colon < 0 ? text : text[..colon];
        point = colon < 0 ? "*" : text[(colon + 1)..];
    }

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>Whether a place is meant.</summary>
    public bool Matches(in FaultSite site) =>
        FileSystemName.MatchesSimpleExpression(path, site.Path, ignoreCase: false)
        && FileSystemName.MatchesSimpleExpression(point, site.Point, ignoreCase: false);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
