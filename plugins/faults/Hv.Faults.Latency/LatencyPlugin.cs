using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Faults;
using Hv.Sdk.Net;
using Hv.Sdk.Signals;

namespace Hv.Faults.Latency;

/// <summary>Makes things come later, in virtual time.</summary>
[Fault("latency", Title = "Completions, frames and interrupts come later")]
public sealed class LatencyPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => LatencyOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new Latency(LatencyOptions.Bind(options));
}

/// <summary>Options of <c>latency</c>.</summary>
[Options]
public sealed partial record LatencyOptions
{
    /// <summary>How much later.</summary>
    [Option("how much later", Type = OptionType.Duration, Maximum = 3_600_000_000_000)]
    public ulong Delay { get; init; } = 10_000_000;
    /// <summary>Drawn on top.</summary>
    [Option("up to so much more, drawn from the VM's seed", Type = OptionType.Duration, Maximum = 3_600_000_000_000)]
    public ulong Jitter { get; init; }
}

/// <summary>One rule's delays.</summary>
internal sealed class Latency(LatencyOptions options)
    : IFaultDecorator<IBlockPort>, IFaultDecorator<INetPort>, IFaultDecorator<IIrqSink>, IFaultDecorator<IMsiTarget>
{
    public IBlockPort Decorate(IBlockPort inner, in FaultSite site, IFaultScope scope) =>
        new SlowDisk(inner, options, scope);
    public INetPort Decorate(INetPort inner, in FaultSite site, IFaultScope scope) =>
        new SlowNet(inner, options, scope);
    public IIrqSink Decorate(IIrqSink inner, in FaultSite site, IFaultScope scope) =>
        new SlowLine(inner, options, scope);
    public IMsiTarget Decorate(IMsiTarget inner, in FaultSite site, IFaultScope scope) =>
        new SlowMessages(inner, options, scope);
}
