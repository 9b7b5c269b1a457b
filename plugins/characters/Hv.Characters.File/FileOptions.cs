using Hv.Sdk;

namespace Hv.Characters.File;

/// <summary>What a definition may set.</summary>
[Options]
public sealed partial record FileOptions
{
    /// <summary>The file.</summary>
    [Option("the file; made when it does not exist", Type = OptionType.Path)]
    public required string Target { get; init; }

    /// <summary>Keep what the file holds.</summary>
    [Option("keep what the file holds and write after it")]
    public bool Append { get; init; }
}
