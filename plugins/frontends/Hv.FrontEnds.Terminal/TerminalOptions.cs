using Hv.Sdk;

namespace Hv.FrontEnds.Terminal;

/// <summary>What a definition may set.</summary>
[Options]
public sealed partial record TerminalOptions
{
    /// <summary>Where Ctrl-] s saves to.</summary>
    [Option("file that Ctrl-] s saves the machine to", Type = OptionType.Path)]
    public string SaveFile { get; init; } = "machine.hvsave";
}
