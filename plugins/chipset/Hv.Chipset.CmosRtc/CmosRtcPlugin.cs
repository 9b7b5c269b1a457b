using Hv.Sdk;

namespace Hv.Chipset.CmosRtc;

/// <summary>Makes real-time clocks.</summary>
[Device("cmos-rtc", Title = "MC146818 real-time clock and CMOS memory")]
public sealed class CmosRtcPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => CmosRtcOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new CmosRtc(CmosRtcOptions.Bind(options));
}

/// <summary>Options of <c>cmos-rtc</c>.</summary>
[Options]
public sealed partial record CmosRtcOptions
{
    /// <summary>First port.</summary>
    [Option("first of its four ports")]
    public ushort Port { get; init; } = 0x70;
}
