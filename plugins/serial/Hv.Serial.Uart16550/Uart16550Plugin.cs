using Hv.Sdk;

namespace Hv.Serial.Uart16550;

/// <summary>Makes 16550A UARTs.</summary>
[Device("uart16550", Title = "16550A UART with FIFOs")]
public sealed class Uart16550Plugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => Uart16550Options.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new Uart16550(Uart16550Options.Bind(options));
}

/// <summary>Options of <c>uart16550</c>.</summary>
[Options]
public sealed partial record Uart16550Options
{
    /// <summary>First port.</summary>
    [Option("first of its eight ports", Maximum = 0xfff8)]
    public ushort Port { get; init; } = 0x3f8;
}
