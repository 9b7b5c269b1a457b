namespace Hv.Sdk.TestKit;

/// <summary>The machine around the device under test. Twins are made from the same setup.</summary>
public sealed record BenchSetup
{
    /// <summary>Options as a user would type them; the rest take their defaults.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    /// <summary>Where the board put the device.</summary>
    public Placement Placement { get; init; } = Placement.None;
    /// <summary>How many vCPUs.</summary>
    public int VcpuCount { get; init; } = 1;
    /// <summary>Guest RAM from address 0, in bytes.</summary>
    public int MemoryBytes { get; init; } = 64 * 1024;
    /// <summary>Frequency of the time-stamp counter in hertz.</summary>
    public ulong TscHz { get; init; } = 1_000_000_000;
    /// <summary>Calendar time of virtual time zero, Unix nanoseconds: 2024-02-28 23:59:58 UTC, two seconds before a
    /// leap day.</summary>
    public long EpochUnixNs { get; init; } = 1_709_164_798_000_000_000;
    /// <summary>Seed of the device's entropy.</summary>
    public int Seed { get; init; } = 1;
    /// <summary>Whether the slot <c>chardev</c> is connected.</summary>
    public bool HasCharPort { get; init; } = true;
    /// <summary>Adds services and backends before the device is attached; run for every twin, so make new objects in
    /// it.</summary>
    public Action<DeviceBench> Configure { get; init; } = static _ => { };
    /// <summary>Faults to inject from the beginning.</summary>
    public IReadOnlyList<BenchFault> Faults { get; init; } = [];
    /// <summary>Faults can be added later, by <see cref="DeviceBench.AddFault"/>.</summary>
    public bool TakesFaults { get; init; }
    /// <summary>Puts something between the device and what it is attached to, as faults and traces do; null attaches it
    /// directly.</summary>
    public Func<IDeviceContext, IDeviceContext>? Decorate { get; init; }
}
