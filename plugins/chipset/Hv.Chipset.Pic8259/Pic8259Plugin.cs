using Hv.Sdk;

namespace Hv.Chipset.Pic8259;

/// <summary>Makes the pair of 8259A interrupt controllers.</summary>
[Device("pic8259", Title = "Pair of 8259A interrupt controllers")]
public sealed class Pic8259Plugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => Pic8259Options.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new Pic8259(Pic8259Options.Bind(options));
}

/// <summary>Options of <c>pic8259</c>.</summary>
[Options]
public sealed partial record Pic8259Options
{
    /// <summary>First port of the master.</summary>
    [Option("first port of the master")]
    public ushort MasterPort { get; init; } = 0x20;

    /// <summary>First port of the slave.</summary>
    [Option("first port of the slave")]
    public ushort SlavePort { get; init; } = 0xa0;

    /// <summary>First of the two edge/level registers.</summary>
    [Option("first port of the edge/level registers")]
    public ushort EdgeLevelPort { get; init; } = 0x4d0;
}
