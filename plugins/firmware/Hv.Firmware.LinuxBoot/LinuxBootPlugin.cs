using Hv.Firmware.Platform;
using Hv.Sdk;
using Hv.Sdk.Firmware;

namespace Hv.Firmware.LinuxBoot;

/// <summary>Boots a kernel without a BIOS in between: by Linux's 64-bit or 32-bit boot protocol, or by PVH.</summary>
[Firmware("linux-boot", Title = "Direct boot of Linux (bzImage) and PVH (ELF) kernels")]
public sealed class LinuxBootPlugin : IFirmware
{
    /// <inheritdoc/>
    public OptionSchema Options => OptionSchema.Empty;

    /// <inheritdoc/>
    public void Validate(BootInputs inputs, OptionValues options)
    {
        if (inputs.Kernel is null)
        {
            throw new ConfigurationException("there is nothing to boot: give a kernel with --kernel FILE")
            {
                Option = "kernel",
            };
        }
        KernelImage kernel = KernelImage.Open(inputs.Kernel);
        kernel.CheckCommandLine(inputs.CommandLine);
        if (inputs.Initrd is not null) _ = InputFile.Length(inputs.Initrd, "initrd");
    }

    /// <inheritdoc/>
    public void Install(IFirmwareContext context, OptionValues options)
    {
        PciSetup.Assign(context);
        AcpiImage acpi = AcpiTables.Build(context, GuestLayout.AcpiStart, GuestLayout.AcpiBytes);
        Write(context, acpi.Address, acpi.Bytes, "ACPI tables");
        ulong memoryBytes = 0;
        foreach (MemoryRange range in context.Ram) memoryBytes += range.LengthBytes;
        Write(context, GuestLayout.SmbiosStart,
            Smbios.Build(GuestLayout.SmbiosStart, context.MachineId, context.Board, context.VcpuCount, memoryBytes),
                "SMBIOS");

        KernelImage kernel = KernelImage.Open(context.Inputs.Kernel!);
        BootImage boot = new(context, acpi.Address);
        kernel.Load(boot);
    }

    private static void Write(IFirmwareContext context, ulong address, byte[] bytes, string what)
    {
        if (!context.Memory.TryWrite(new GuestPhysicalAddress(address), bytes))
            throw new ConfigurationException(
                $"the board has no RAM at 0x{address:x} for the {what}: linux-boot needs RAM below 1 MiB");
    }
}
