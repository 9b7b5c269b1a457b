using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Misc.VirtioBalloon;

/// <summary>Everything of the device that changes.</summary>
[DeviceState("virtio-balloon", 1)]
public sealed partial class VirtioBalloonState
{
    /// <summary>Statistics that are kept.</summary>
    public const int StatisticCount = 10;

    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
    /// <summary>Pages that the host wants.</summary>
    [Field(2)] public uint TargetPages;
    /// <summary>Pages that the driver says it has given up.</summary>
    [Field(3)] public uint ActualPages;
    /// <summary>What the guest fills free pages with.</summary>
    [Field(4)] public uint PoisonValue;
    /// <summary>Bytes of the next inflate buffer that have been dealt with.</summary>
    [Field(5)] public uint Inflated;
    /// <summary>A statistics buffer is held until the next poll.</summary>
    [Field(6)] public bool HoldsStatistics;
    /// <summary>Its <see cref="VirtioToken.Id"/>.</summary>
    [Field(7)] public ushort StatisticsId;
    /// <summary>Its <see cref="VirtioToken.Count"/>.</summary>
    [Field(8)] public ushort StatisticsCount;
    /// <summary>The latest statistics by tag.</summary>
    [Field(9)] public ulong[] Statistics = new ulong[StatisticCount];
    /// <summary>Bytes given back to the host since power-on.</summary>
    [Field(10)] public ulong ReleasedBytes;
}
