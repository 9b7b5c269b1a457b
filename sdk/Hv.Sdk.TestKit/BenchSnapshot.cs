using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit;

/// <summary>A saved device with what the core saves beside it: timers, line levels, time, entropy, memory.</summary>
public sealed class BenchSnapshot
{
    internal BenchSnapshot(DeviceBench source, byte[] state, ushort version, (string Name, VmTime Due)[] timers) =>
        (Source, State, Version, Timers) = (source, state, version, timers);

    internal DeviceBench Source { get; }
    internal (string Name, VmTime Due)[] Timers { get; }

    /// <summary>The device's section: tagged fields.</summary>
    public byte[] State { get; }

    /// <summary>The layout's version.</summary>
    public ushort Version { get; }
}
