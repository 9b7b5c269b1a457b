namespace Hv.Storage.VirtioBlk;

/// <summary>Features (virtio 1.2, 5.2.3).</summary>
internal static class BlkFeature
{
    public const ulong SegmentMaximum = 1ul << 2;   // VIRTIO_BLK_F_SEG_MAX
    public const ulong ReadOnly = 1ul << 5;         // VIRTIO_BLK_F_RO
    public const ulong BlockSize = 1ul << 6;        // VIRTIO_BLK_F_BLK_SIZE
    public const ulong Flush = 1ul << 9;            // VIRTIO_BLK_F_FLUSH
    public const ulong Topology = 1ul << 10;        // VIRTIO_BLK_F_TOPOLOGY
    public const ulong ConfigWriteBack = 1ul << 11; // VIRTIO_BLK_F_CONFIG_WCE
    public const ulong MultiQueue = 1ul << 12;      // VIRTIO_BLK_F_MQ
    public const ulong Discard = 1ul << 13;         // VIRTIO_BLK_F_DISCARD
    public const ulong WriteZeroes = 1ul << 14;     // VIRTIO_BLK_F_WRITE_ZEROES
}

/// <summary>Device configuration (virtio 1.2, 5.2.4).</summary>
internal static class BlkConfig
{
    //                     name                     offset   size
    public const int Capacity                     = 0;   //  8, in units of 512 bytes
    public const int SizeMaximum                  = 8;   //  4
    public const int SegmentMaximum               = 12;  //  4
    public const int Geometry                     = 16;  //  4, not offered
    public const int BlockSize                    = 20;  //  4
    public const int PhysicalBlockExponent        = 24;  //  1
    public const int AlignmentOffset              = 25;  //  1
    public const int MinimumIoSize                = 26;  //  2, in blocks
    public const int OptimalIoSize                = 28;  //  4, in blocks
    public const int WriteBack                    = 32;  //  1, writable with CONFIG_WCE
    public const int QueueCount                   = 34;  //  2
    public const int DiscardMaximumSectors        = 36;  //  4
    public const int DiscardMaximumSegments       = 40;  //  4
    public const int DiscardAlignment             = 44;  //  4, in units of 512 bytes
    public const int WriteZeroesMaximumSectors    = 48;  //  4
    public const int WriteZeroesMaximumSegments   = 52;  //  4
    public const int WriteZeroesMayUnmap          = 56;  //  1
    public const int Bytes                        = 60;
}

/// <summary>Requests (virtio 1.2, 5.2.6).</summary>
internal static class BlkRequest
{
    public const uint In = 0;
    public const uint Out = 1;
    public const uint Flush = 4;
    public const uint GetId = 8;
    public const uint Discard = 11;
    public const uint WriteZeroes = 13;

    /// <summary>Type, reserved, sector: the readable bytes that each request begins with.</summary>
    public const int HeaderBytes = 16;
    /// <summary>The length of an identity.</summary>
    public const int IdBytes = 20;
    /// <summary>Sector, count, flags: one range of discard and write-zeroes.</summary>
    public const int RangeBytes = 16;
    /// <summary>The flag of a range that may be unmapped.</summary>
    public const uint Unmap = 1;
    /// <summary>The unit of sectors, whatever the block size.</summary>
    public const int SectorBytes = 512;
}

/// <summary>The last byte of a request (virtio 1.2, 5.2.6).</summary>
internal enum BlkStatus : byte
{
    Ok = 0,
    IoError = 1,
    Unsupported = 2,
}
