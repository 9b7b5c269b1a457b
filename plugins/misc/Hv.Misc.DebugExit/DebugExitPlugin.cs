using Hv.Sdk;

namespace Hv.Misc.DebugExit;

/// <summary>Makes debug exit ports.</summary>
[Device("debug-exit", Title = "A port whose write ends the run with an exit code")]
public sealed class DebugExitPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => DebugExitOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new DebugExit(DebugExitOptions.Bind(options));
}

/// <summary>Options of <c>debug-exit</c>.</summary>
[Options]
public sealed partial record DebugExitOptions
{
    /// <summary>The port.</summary>
    [Option("first of its four ports", Maximum = 0xfffc)]
    public ushort Port { get; init; } = 0xf4;
}
