using Hv.Sdk;

namespace Hv.FrontEnds.Terminal;

/// <summary>What a definition may set.</summary>
[Options]
public sealed partial record TerminalOptions
{
    /// <summary>Where Ctrl-] s saves to when nothing is said.</summary>
    public const string UsualSaveFile = "machine.hvsave";

    /// <summary>Where Ctrl-] s saves to. When it is given, the machine is checked for it when it is created.</summary>
    [Option("file that Ctrl-] s saves the machine to; a machine that cannot be saved is then refused [machine.hvsave]", Type = OptionType.Path)]
    public string? SaveFile { get; init; }
}
