using Hv.Boards.Layout;
using Hv.Sdk;
using Hv.Sdk.Boards;

namespace Hv.Boards.Microvm;

/// <summary>The least that a modern kernel needs: local and I/O APIC, a serial port, a clock, power management, and
/// virtio devices over MMIO that ACPI describes. No PCI, no 8259, no 8254.</summary>
[Board("microvm", Title = "A minimal machine: APICs, serial port, virtio over MMIO, ACPI")]
public sealed class MicrovmBoard : IBoard
{
    private const ulong FirstMmio = 0xd000_0000;
    private const ulong MmioBytes = 0x1000;
    private const int FirstMmioGsi = 16;
    private const int IoApicPins = 24;

    /// <inheritdoc/>
    public OptionSchema Options => OptionSchema.Empty;

    /// <inheritdoc/>
    public void Build(IBoardBuilder builder, OptionValues options)
    {
        _ = RamLayout.Build(builder);
        builder.DefaultFirmware("linux-boot");

        Add("apic", "local-apic");
        Add("ioapic", "ioapic");
        IsaWiring isa = new(builder, pic: null, "ioapic");
        Add("rtc", "cmos-rtc");
        isa.Wire("rtc", "irq", 8);
        Add("pm", "acpi-pm");
        isa.Wire("pm", "sci", 9);
        SerialPorts.Add(builder, isa, "serial0", 0);
        builder.DefaultConsole("serial0");
        PlaceRequests(builder, isa);

        void Add(string path, string device) =>
            builder.Add(path, device, Placement.None, new Dictionary<string, string>());
    }

    private static void PlaceRequests(IBoardBuilder builder, IsaWiring isa)
    {
        int slot = 0;
        int serial = 1;
        foreach (DeviceRequest request in builder.Requests)
        {
            if (request.Device == "uart16550")
            {
                SerialPorts.Add(builder, isa, request.Path, serial++);
            }
            else if (request.Buses.Contains("mmio"))
            {
                int gsi = FirstMmioGsi + slot;
                if (gsi >= IoApicPins)
                {
                    throw new ConfigurationException(
                        $"no interrupt is left for {request.Path}: microvm has room for {IoApicPins - FirstMmioGsi} virtio devices; use --board pc");
                }
                builder.Add(request.Path, request.Device,
                    new Placement { MmioBase = FirstMmio + ((ulong)slot * MmioBytes), Gsi = gsi }, request.Options);
                builder.Wire(request.Path, "irq", "ioapic", "pin", gsi);
                slot++;
            }
            else
            {
                Busless.Add(builder, request, "microvm", "; use --board pc");
            }
        }
    }
}
