using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Faults;

namespace Hv.Faults.PowerCut;

/// <summary>Cuts the power: the machine ends, and the disks that the rule is put on lose what was not flushed, as
/// volatile caches do.</summary>
[Fault("power-cut", Title = "The power fails and disks lose unflushed writes")]
public sealed class PowerCutPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => PowerCutOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new PowerCut(PowerCutOptions.Bind(options));
}

/// <summary>Options of <c>power-cut</c>.</summary>
[Options]
public sealed partial record PowerCutOptions
{
    /// <summary>What is an opportunity.</summary>
    [Option("what counts for nth, every and so on: moments of time, or the disk's writes or flushes")]
    public CutPoint On { get; init; }
    /// <summary>Whether a write may be torn.</summary>
    [Option("each sector of a write survives or not on its own; off: writes survive as a whole")]
    public bool Torn { get; init; } = true;
    /// <summary>Size of the cache.</summary>
    [Option("size of the disk's volatile cache: more than that is written through, oldest first",
        Type = OptionType.Size, Minimum = 1 << 20, Maximum = 1 << 30)]
    public uint Cache { get; init; } = 64 << 20;
}

/// <summary>What is an opportunity.</summary>
public enum CutPoint : byte
{
    /// <summary>A moment of virtual time: <c>after</c>, then each <c>period</c>.</summary>
    Time,
    /// <summary>Each write that reaches the disk; the one that strikes is already in its cache.</summary>
    Write,
    /// <summary>Each flush; the one that strikes is not done.</summary>
    Flush,
}

/// <summary>One rule's disks: they lose their power together.</summary>
internal sealed class PowerCut(PowerCutOptions options) : IFaultDecorator<IDiskImage>
{
    private readonly List<(VolatileCache Cache, IFaultScope Scope)> disks = [];
    private int cuts;

    public IDiskImage Decorate(IDiskImage inner, in FaultSite site, IFaultScope scope)
    {
        VolatileCache cache = new(inner, options, point =>
        {
            if (point == options.On && scope.Strikes()) Cut();
        });
        disks.Add((cache, scope));
        if (options.On == CutPoint.Time) scope.AtMoments(Cut);
        return cache;
    }

    // Several disks may strike at one moment; the power fails once.
    private void Cut()
    {
        if (Interlocked.Increment(ref cuts) > 1) return;
        foreach ((VolatileCache cache, IFaultScope scope) in disks) scope.Fired(cache.Cut(scope.Entropy));
        disks[0].Scope.CutPower($"the fault '{disks[0].Scope.Rule}' cut the power");
    }
}
