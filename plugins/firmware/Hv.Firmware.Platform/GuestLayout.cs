namespace Hv.Firmware.Platform;

/// <summary>Where direct-boot firmware puts things below 1 MiB. All addresses are guest physical.</summary>
public static class GuestLayout
{
    /// <summary>The end of conventional memory that E820 offers; the rest up to 640 KiB is where a BIOS keeps its
    /// data.</summary>
    public const ulong ConventionalEnd = 0x9fc00;
    /// <summary>The legacy video and option-ROM hole begins.</summary>
    public const ulong HoleStart = 0xa0000;
    /// <summary>ACPI tables, RSDP first: inside the range that an OS scans for it (ACPI 6.5, 5.2.5.1).</summary>
    public const ulong AcpiStart = 0xe0000;
    /// <summary>Room for ACPI tables.</summary>
    public const int AcpiBytes = 0x10000;
    /// <summary>SMBIOS entry point and structures: inside the range that is scanned for it (SMBIOS 3.6,
    /// 5.2.2).</summary>
    public const ulong SmbiosStart = 0xf0000;
    /// <summary>Room for SMBIOS.</summary>
    public const int SmbiosBytes = 0x10000;
    /// <summary>Memory above the legacy area begins.</summary>
    public const ulong OneMebibyte = 0x100000;
}
