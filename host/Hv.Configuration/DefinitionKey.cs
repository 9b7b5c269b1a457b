using Hv.PluginHost;
using Hv.Sdk;

namespace Hv.Configuration;

/// <summary>One key of a VM definition, which is also a flag of <c>hv run</c>: <c>memory</c> and
/// <c>--memory</c>.</summary>
public sealed class DefinitionKey
{
    /// <summary>Name, type, meaning, default and bounds of the value, or of its first part when there are
    /// more.</summary>
    public required OptionInfo Value { get; init; }
    /// <summary>What stands for the value in help, for example <c>SIZE</c>; empty for flags that take none.</summary>
    public string Placeholder { get; init; } = "";
    /// <summary>The heading that help lists it under.</summary>
    public required string Group { get; init; }
    /// <summary>May stand several times (a list in a definition).</summary>
    public bool IsRepeatable { get; init; }
    /// <summary>Whether flags come after what the definition lists; otherwise they take its place.</summary>
    public bool AddsToDefinition { get; init; }
    /// <summary>Set when the value has parts: the name of the first, which stands alone in front of
    /// <c>,key=value…</c>.</summary>
    public string? Head { get; init; }
    /// <summary>The parts beside the head.</summary>
    public IReadOnlyList<OptionInfo> Parts { get; init; } = [];
    /// <summary>When the head names something that plugins provide: what. Its options are then parts too.</summary>
    public ExtensionKind? Names { get; init; }
    /// <summary>Names that need no plugin.</summary>
    public IReadOnlyList<string> BuiltIn { get; init; } = [];

    /// <summary>The key in a definition, where it is another word than the flag's: a list has a plural.</summary>
    public string? Section { get; init; }

    /// <summary>The key's name.</summary>
    public string Name => Value.Name;
    /// <summary>The key's name in a definition.</summary>
    public string NameInDefinition => Section ?? Name;
    /// <summary>The flag.</summary>
    public string Flag => $"--{Value.Name}";
    /// <summary>Whether it takes no value on the command line.</summary>
    public bool IsSwitch => Value.Type == OptionType.Flag;
}
