using Hv.Sdk.Boards;

namespace Hv.Boards.Layout;

/// <summary>ISA interrupts go to the 8259s and to the I/O APIC pin of the same number, except IRQ 0, which is on pin
/// 2.</summary>
public sealed class IsaWiring(IBoardBuilder builder, string? pic, string ioapic)
{
    /// <summary>The I/O APIC pin, and so the global system interrupt, of an ISA interrupt.</summary>
    public static int Gsi(int irq) => irq == 0 ? 2 : irq;

    /// <summary>Wires a device's output to an ISA interrupt.</summary>
    public void Wire(string path, string output, int irq)
    {
        if (pic is not null) builder.Wire(path, output, pic, "irq", irq);
        builder.Wire(path, output, ioapic, "pin", Gsi(irq));
    }
}
