namespace Hv.Sdk.Virtio.Rings;

/// <summary>What came of looking at a ring.</summary>
internal enum RingStatus : byte
{
    /// <summary>Nothing to do.</summary>
    Idle,
    /// <summary>A buffer was taken.</summary>
    Taken,
    /// <summary>The driver wants an interrupt.</summary>
    Interrupt,
    /// <summary>The driver broke the ring's rules.</summary>
    Broken,
}
