namespace Hv.Misc.VirtioBalloon;

/// <summary>Features (virtio 1.2, 5.5.3).</summary>
internal static class BalloonFeature
{
    public const ulong Statistics = 1ul << 1;          // VIRTIO_BALLOON_F_STATS_VQ
    public const ulong DeflateOnOutOfMemory = 1ul << 2; // VIRTIO_BALLOON_F_DEFLATE_ON_OOM
    public const ulong PagePoison = 1ul << 4;          // VIRTIO_BALLOON_F_PAGE_POISON
    public const ulong PageReporting = 1ul << 5;       // VIRTIO_BALLOON_F_PAGE_REPORTING
}

/// <summary>Device configuration (virtio 1.2, 5.5.4).</summary>
internal static class BalloonConfig
{
    //                     name             offset   size
    public const int PageCount            = 0;   //  4, what the host wants
    public const int Actual               = 4;   //  4, written by the driver
    public const int FreePageHintCommand  = 8;   //  4, not offered
    public const int PoisonValue          = 12;  //  4, written by the driver
    public const int Bytes                = 16;
}

/// <summary>What a queue is for (virtio 1.2, 5.5.2).</summary>
internal enum BalloonQueue : byte
{
    Inflate,
    Deflate,
    Statistics,
    Reporting,
    None,
}

/// <summary>Statistics of the guest (virtio 1.2, 5.5.6.3): tag and value, 10 bytes.</summary>
internal static class BalloonStatistic
{
    public const int Bytes = 10;
    /// <summary>By tag; the tags that are not here are left alone.</summary>
    public static readonly string[] Names =
    [
        "swap-in", "swap-out", "major-faults", "minor-faults", "memory-free", "memory-total", "memory-available", "disk-caches",
        "hugetlb-allocations", "hugetlb-failures",
    ];
}
