namespace Hv.Chipset.PciHost;

/// <summary>Configuration mechanism #1 (PCI 3.0, 3.2.2.3.2), the enhanced mechanism (PCIe 5.0, 7.2.2) and the reset
/// control register, which lies inside CONFIG_ADDRESS and is told apart by the access's size.</summary>
internal static class Spec
{
    //                                            offset   width  access  name
    public const ushort ConfigAddress = 0xcf8; // 0        4      RW      CONFIG_ADDRESS
    public const int ResetControl     = 1;     // 1        1      RW      RC (PIIX3 data sheet, 2.5.5)
    public const int ConfigData       = 4;     // 4        1-4    RW      CONFIG_DATA
    public const int PortCount        = 8;

    public const uint Enable = 1u << 31;
    public const uint AddressWritable = 0x80fffffc;

    public const ulong EcamBytes = 256UL << 20;
    public const int EcamBuses = 256;

    // The host bridge of the 440FX, which every PC system knows (82441FX data sheet, 3.2).
    public const ushort VendorId = 0x8086;
    public const ushort DeviceId = 0x1237;
    public const uint ClassCode = 0x060000;
    public const byte RevisionId = 0x02;
}
