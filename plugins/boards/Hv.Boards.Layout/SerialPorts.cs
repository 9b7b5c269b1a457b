using System.Globalization;
using Hv.Sdk;
using Hv.Sdk.Boards;

namespace Hv.Boards.Layout;

/// <summary>The four serial ports of a PC: 3F8h/IRQ 4, 2F8h/IRQ 3, 3E8h/IRQ 4, 2E8h/IRQ 3.</summary>
public static class SerialPorts
{
    private static readonly (int Port, int Irq)[] Places = [(0x3f8, 4), (0x2f8, 3), (0x3e8, 4), (0x2e8, 3)];

    /// <summary>Adds the <paramref name="index"/>th port.</summary>
    /// <exception cref="ConfigurationException">There are four already.</exception>
    public static void Add(IBoardBuilder builder, IsaWiring isa, string path, int index)
    {
        if (index >= Places.Length) throw new ConfigurationException(
            "a PC has four serial ports at the most") { Option = "serial" };
        (int port, int irq) = Places[index];
        builder.Add(path, "uart16550", new Placement { Gsi = IsaWiring.Gsi(irq) }, new Dictionary<string, string>
        {
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
        });
        isa.Wire(path, "irq", irq);
    }
}
