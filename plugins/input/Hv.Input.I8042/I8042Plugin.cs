using Hv.Sdk;

namespace Hv.Input.I8042;

/// <summary>Makes 8042 keyboard controllers.</summary>
[Device("i8042", Title = "8042 keyboard controller with PS/2 keyboard")]
public sealed class I8042Plugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => I8042Options.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new I8042(I8042Options.Bind(options));
}

/// <summary>Options of <c>i8042</c>.</summary>
[Options]
public sealed partial record I8042Options
{
    /// <summary>The data port.</summary>
    [Option("data port")]
    public ushort DataPort { get; init; } = 0x60;

    /// <summary>The command and status port.</summary>
    [Option("command and status port")]
    public ushort CommandPort { get; init; } = 0x64;

    /// <summary>Whether a mouse is plugged in.</summary>
    [Option("a PS/2 mouse is on the auxiliary port")]
    public bool Mouse { get; init; }
}
