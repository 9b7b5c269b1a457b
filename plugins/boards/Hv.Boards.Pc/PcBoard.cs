using System.Globalization;
using Hv.Boards.Layout;
using Hv.Sdk;
using Hv.Sdk.Boards;

namespace Hv.Boards.Pc;

/// <summary>A PC: every legacy part that an operating system may look for, and a PCI bus for the rest.</summary>
[Board("pc", Title = "A PC with PCI, 8259s, I/O APIC, HPET and ACPI")]
public sealed class PcBoard : IBoard
{
    private const int FirstPciGsi = 16;
    private const int FirstFreePciDevice = 1;
    private const int PciDevices = 32;
    // Deviation: a 440FX has no enhanced configuration access; without it Linux warns that extended configuration space
    // is missing.
    private const ulong EcamStart = 0xe000_0000;

    /// <inheritdoc/>
    public OptionSchema Options => OptionSchema.Empty;

    /// <inheritdoc/>
    public void Build(IBoardBuilder builder, OptionValues options)
    {
        RamLayout ram = RamLayout.Build(builder);
        ram.AddPciWindows(builder, EcamStart);
        builder.DefaultFirmware("linux-boot");

        Add("apic", "local-apic");
        Add("ioapic", "ioapic");
        Add("pic", "pic8259");
        builder.Wire("pic", "intr", "apic", "lint0", 0);
        IsaWiring isa = new(builder, "pic", "ioapic");
        Add("hpet", "hpet");
        Add("pit", "pit8254");
        Add("rtc", "cmos-rtc");
        // The HPET can take the places of these two, so their interrupts pass through it (IA-PC HPET 1.0a, 2.3.5).
        builder.Wire("pit", "irq0", "hpet", "legacy", 0);
        builder.Wire("rtc", "irq", "hpet", "legacy", 1);
        isa.Wire("hpet", "irq0", 0);
        isa.Wire("hpet", "irq8", 8);
        for (int pin = 20; pin < 24; pin++) builder.Wire("hpet", "pin" + pin, "ioapic", "pin", pin);
        builder.Add("pm", "acpi-pm", Placement.None, new Dictionary<string, string> { ["reset-register"] = "off" });
        isa.Wire("pm", "sci", 9);
        builder.Add("i8042", "i8042", Placement.None, new Dictionary<string, string> { ["mouse"] = "on" });
        isa.Wire("i8042", "irq1", 1);
        isa.Wire("i8042", "irq12", 12);
        isa.Wire(IBoardBuilder.ProcessorPath, "ferr", 13);
        builder.Wire("i8042", "a20", IBoardBuilder.ProcessorPath, "a20", 0);
        AddPciHost(builder, ram);
        SerialPorts.Add(builder, isa, "serial0", 0);
        builder.DefaultConsole("serial0");
        PlaceRequests(builder, isa);

        void Add(string path, string device) =>
            builder.Add(path, device, Placement.None, new Dictionary<string, string>());
    }

    private static void AddPciHost(IBoardBuilder builder, RamLayout ram)
    {
        builder.Add("pci", "pci-host", new Placement { Pci = new PciAddress(0, 0, 0) }, new Dictionary<string, string>
        {
            ["window"] = Text(RamLayout.DeviceHoleStart), ["window-size"] = Text(EcamStart - RamLayout.DeviceHoleStart),
            ["ecam"] = Text(EcamStart),
            ["window64"] = Text(ram.Window64Start), ["window64-size"] = Text(RamLayout.Window64Bytes),
            ["first-gsi"] = Text(FirstPciGsi),
        });
        PinName[] pins = new PinName[4];
        for (int i = 0; i < pins.Length; i++) pins[i] =
            new PinName { Path = "ioapic", Input = "pin", Pin = FirstPciGsi + i };
        builder.WirePciInterrupts(pins);

        static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static void PlaceRequests(IBoardBuilder builder, IsaWiring isa)
    {
        int pciDevice = FirstFreePciDevice;
        int serial = 1;
        foreach (DeviceRequest request in builder.Requests)
        {
            if (request.Device == "uart16550")
            {
                SerialPorts.Add(builder, isa, request.Path, serial++);
            }
            else if (request.Buses.Contains("pci"))
            {
                if (pciDevice == PciDevices)
                    throw new ConfigurationException(
                        $"no PCI slot is left for {request.Path}: the bus has {PciDevices - FirstFreePciDevice}");
                PciAddress address = new(0, (byte)pciDevice, 0);
                builder.Add(request.Path, request.Device,
                    new Placement { Pci = address, Gsi = FirstPciGsi + (pciDevice & 3) }, request.Options);
                pciDevice++;
            }
            else
            {
                Busless.Add(builder, request, "pc");
            }
        }
    }
}
