using Hv.Sdk;
using Hv.Vmm.Description;

namespace Hv.Configuration;

/// <summary>A definition that was found right.</summary>
public sealed record VmDefinition
{
    /// <summary>What the core builds.</summary>
    public required MachineDescription Machine { get; init; }
    /// <summary>Front-ends to run beside it.</summary>
    public IReadOnlyList<ExtensionChoice> FrontEnds { get; init; } = [];
    /// <summary>Where to write how the run ended; null is nowhere.</summary>
    public string? ResultFile { get; init; }
    /// <summary>Least important message to show.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warn;
}
