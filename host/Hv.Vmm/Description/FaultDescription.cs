using Hv.Diagnostics;

namespace Hv.Vmm.Description;

/// <summary>One rule of fault injection, as text; the core checks it against the fault's schema and
/// <see cref="Hv.Sdk.FaultRules.FaultWhen.Schema"/>.</summary>
public sealed record FaultDescription
{
    /// <summary>The rule's name; null takes the fault's, with a number when several are of one kind.</summary>
    public string? Name { get; init; }
    /// <summary>The fault with its own options.</summary>
    public required ExtensionChoice Fault { get; init; }
    /// <summary><c>DEVICE[:POINT]</c>, both with <c>*</c> and <c>?</c>.</summary>
    public required string Where { get; init; }
    /// <summary>When it strikes: <c>nth</c>, <c>every</c>, <c>after</c>, <c>until</c>, <c>period</c>,
    /// <c>probability</c>,
    /// <c>while</c>, <c>count</c>, <c>optional</c>.</summary>
    public IReadOnlyDictionary<string, string> When { get; init; } = new Dictionary<string, string>();
    /// <summary>Where the rule was written, for messages.</summary>
    public Place Place { get; init; } = Place.Of("--fault");
}
