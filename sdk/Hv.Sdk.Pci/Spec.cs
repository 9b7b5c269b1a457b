namespace Hv.Sdk.Pci;

/// <summary>The header of type 0 (PCI 3.0, figure 6-1). Offsets in bytes.</summary>
internal static class Header
{
    //                        offset      width  access  section
    public const int VendorId          = 0x00; // 2  RO      6.2.1
    public const int DeviceId          = 0x02; // 2  RO      6.2.1
    public const int Command           = 0x04; // 2  RW      6.2.2
    public const int Status            = 0x06; // 2  RO/W1C  6.2.3
    public const int RevisionId        = 0x08; // 1  RO      6.2.1
    public const int ClassCode         = 0x09; // 3  RO      6.2.1
    public const int CacheLineSize     = 0x0c; // 1  RW      6.2.4
    public const int LatencyTimer      = 0x0d; // 1  RW      6.2.4
    public const int HeaderType        = 0x0e; // 1  RO      6.2.1
    public const int Bar0              = 0x10; // 24 RW      6.2.5.1
    public const int SubsystemVendorId = 0x2c; // 2  RO      6.2.4
    public const int SubsystemId       = 0x2e; // 2  RO      6.2.4
    public const int CapabilityPointer = 0x34; // 1  RO      6.7
    public const int InterruptLine     = 0x3c; // 1  RW      6.2.4
    public const int InterruptPin      = 0x3d; // 1  RO      6.2.4
    public const int FirstCapability   = 0x40;

    public const int BarCount = 6;
    public const int Bytes = 256;
}

/// <summary>Bits of the command register (PCI 3.0, table 6-1).</summary>
[Flags]
internal enum Command : ushort
{
    IoSpace          = 1 << 0,
    MemorySpace      = 1 << 1,
    BusMaster        = 1 << 2,
    ParityError      = 1 << 6,
    SystemError      = 1 << 8,
    InterruptDisable = 1 << 10,
}

/// <summary>Bits of the status register (PCI 3.0, table 6-2).</summary>
[Flags]
internal enum Status : ushort
{
    Interrupt      = 1 << 3,
    Capabilities   = 1 << 4,
    /// <summary>The error bits, cleared by writing one.</summary>
    Errors         = 0xf900,
}

/// <summary>Capability IDs (PCI Code and ID Assignment 1.11, section 2).</summary>
public static class CapabilityId
{
    /// <summary>Message Signalled Interrupts.</summary>
    public const byte Msi = 0x05;
    /// <summary>Vendor-specific.</summary>
    public const byte Vendor = 0x09;
    /// <summary>PCI Express.</summary>
    public const byte Express = 0x10;
    /// <summary>MSI-X.</summary>
    public const byte Msix = 0x11;
}
