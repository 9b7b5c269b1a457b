using Hv.Sdk;

namespace Hv.Misc.VirtioBalloon;

/// <summary>Makes virtio memory balloons.</summary>
[Device("virtio-balloon", Title = "Virtio 1.2 memory balloon with free-page reporting")]
public sealed class VirtioBalloonPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => VirtioBalloonOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new VirtioBalloon(VirtioBalloonOptions.Bind(options));
}

/// <summary>Options of <c>virtio-balloon</c>.</summary>
[Options]
public sealed partial record VirtioBalloonOptions
{
    /// <summary>Memory to ask for from the start.</summary>
    [Option("memory that the guest is asked to give up from the start", Type = OptionType.Size, Maximum = 1ul << 43)]
    public ulong Inflate { get; init; }
    /// <summary>Let the guest take pages back.</summary>
    [Option("let the guest take pages back before it runs out of memory")]
    public bool DeflateOnOom { get; init; } = true;
    /// <summary>Offer free-page reporting.</summary>
    [Option("take the pages that the guest reports as free")]
    public bool Reporting { get; init; } = true;
    /// <summary>How often to ask for statistics.</summary>
    [Option("how often the guest is asked for statistics; 0: once", Type = OptionType.Duration)]
    public ulong StatsInterval { get; init; }
    /// <summary>Offer the packed ring.</summary>
    [Option("offer the packed ring layout")]
    public bool Packed { get; init; }
}
