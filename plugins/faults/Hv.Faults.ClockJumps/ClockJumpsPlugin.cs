using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Time;

namespace Hv.Faults.ClockJumps;

/// <summary>Breaks time as one device (or the time-stamp counter) sees it.</summary>
[Fault("clock-jumps", Title = "A device's clock jumps or drifts; its timers are late or early")]
public sealed class ClockJumpsPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => ClockJumpsOptions.Schema;

    /// <inheritdoc/>
    public IFault Create(OptionValues options)
    {
        ClockJumpsOptions bound = ClockJumpsOptions.Bind(options);
        bool breaksClock = bound.Forward != 0 || bound.Back != 0 || bound.FasterPpm != 0 || bound.SlowerPpm != 0;
        bool breaksTimers = bound.Late != 0 || bound.Early != 0;
        if (breaksClock == breaksTimers)
        {
            throw new ConfigurationException(breaksClock
                ? "a rule breaks the clock (forward, back, faster-ppm, slower-ppm) or the timers (late, early): write two rules"
                : "give forward, back, faster-ppm or slower-ppm to break the clock, or late or early to break timers");
        }
        return breaksClock ? new BrokenClocks(bound) : new BrokenTimers(bound);
    }
}

/// <summary>Options of <c>clock-jumps</c>.</summary>
[Options]
public sealed partial record ClockJumpsOptions
{
    private const ulong Year = 31_536_000_000_000_000;

    /// <summary>Forward.</summary>
    [Option("the clock jumps forward by this, each time the rule strikes", Type = OptionType.Duration, Maximum = Year)]
    public ulong Forward { get; init; }
    /// <summary>Back.</summary>
    [Option("the clock jumps back by this, never before power-on", Type = OptionType.Duration, Maximum = Year)]
    public ulong Back { get; init; }
    /// <summary>Faster.</summary>
    [Option("from the strike on the clock is faster by so many parts in a million", Maximum = 1_000_000)]
    public uint FasterPpm { get; init; }
    /// <summary>Slower.</summary>
    [Option("from the strike on the clock is slower by so many parts in a million", Maximum = 999_999)]
    public uint SlowerPpm { get; init; }
    /// <summary>Late.</summary>
    [Option("a timer that is armed fires so much later", Type = OptionType.Duration, Maximum = Year)]
    public ulong Late { get; init; }
    /// <summary>Early.</summary>
    [Option("a timer that is armed fires so much earlier", Type = OptionType.Duration, Maximum = Year)]
    public ulong Early { get; init; }
}

/// <summary>One rule's clocks. The timers of a device go with its clock: a deadline is a time of the device's
/// own.</summary>
internal sealed class BrokenClocks(ClockJumpsOptions options)
    : IFaultDecorator<IVmClock>, IFaultDecorator<IVmTimer>, IFaultDecorator<IVmTimerHandler>
{
    private readonly Dictionary<string, BrokenClock> clocks = [];
    private readonly Dictionary<FaultSite, OwnDeadline> handlers = [];

    public IVmClock Decorate(IVmClock inner, in FaultSite site, IFaultScope scope) =>
        clocks[site.Path] = new BrokenClock(inner, options, scope);

    // The clock of a device is wired before its timers, and what a timer calls before the timer. A rule for timers
    // alone leaves them as they are.
    public IVmTimerHandler Decorate(IVmTimerHandler inner, in FaultSite site, IFaultScope scope) =>
        clocks.ContainsKey(site.Path) ? handlers[site] = new OwnDeadline(inner) : inner;

    public IVmTimer Decorate(IVmTimer inner, in FaultSite site, IFaultScope scope)
    {
        if (!clocks.TryGetValue(site.Path, out BrokenClock? clock)) return inner;
        ClockedTimer timer = new(inner, clock);
        clock.Add(timer);
        if (handlers.TryGetValue(site, out OwnDeadline? handler)) handler.Timer = timer;
        return timer;
    }
}

/// <summary>One rule's timers.</summary>
internal sealed class BrokenTimers(ClockJumpsOptions options)
    : IFaultDecorator<IVmTimer>, IFaultDecorator<IVmTimerHandler>
{
    private readonly Dictionary<FaultSite, OwnDeadline> handlers = [];

    public IVmTimerHandler Decorate(IVmTimerHandler inner, in FaultSite site, IFaultScope scope) =>
        handlers[site] = new OwnDeadline(inner);

    public IVmTimer Decorate(IVmTimer inner, in FaultSite site, IFaultScope scope)
    {
        SkewedTimer timer = new(inner, options, scope);
        if (handlers.TryGetValue(site, out OwnDeadline? handler)) handler.Timer = timer;
        return timer;
    }
}
