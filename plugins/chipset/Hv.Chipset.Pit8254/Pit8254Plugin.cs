using Hv.Sdk;

namespace Hv.Chipset.Pit8254;

/// <summary>Makes 8254 interval timers.</summary>
[Device("pit8254", Title = "8254 interval timer and port 61h")]
public sealed class Pit8254Plugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => Pit8254Options.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new Pit8254(Pit8254Options.Bind(options));
}

/// <summary>Options of <c>pit8254</c>.</summary>
[Options]
public sealed partial record Pit8254Options
{
    /// <summary>First port of the timer.</summary>
    [Option("first of the timer's four ports")]
    public ushort Port { get; init; } = 0x40;

    /// <summary>The port with the gate of counter 2.</summary>
    [Option("port with the gate and output of counter 2")]
    public ushort SystemControlPort { get; init; } = 0x61;
}
