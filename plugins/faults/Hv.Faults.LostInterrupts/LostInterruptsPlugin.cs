using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Signals;

namespace Hv.Faults.LostInterrupts;

/// <summary>Breaks interrupts: lines, messages, and the non-maskable interrupt of vCPUs.</summary>
[Fault("lost-interrupts", Title = "Interrupts are lost, doubled, invented or stuck")]
public sealed class LostInterruptsPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => LostInterruptsOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options)
    {
        LostInterruptsOptions bound = LostInterruptsOptions.Bind(options);
        // A rule that breaks nothing at a place is told so: each action implements what it can break and no more.
        return bound.Action == InterruptFault.Spurious ? new SpuriousInterrupts() : new LostInterrupts(bound);
    }
}

/// <summary>Options of <c>lost-interrupts</c>.</summary>
[Options]
public sealed partial record LostInterruptsOptions
{
    /// <summary>What happens to an interrupt.</summary>
    [Option("what happens: lose an edge, a level or a message; duplicate it; spurious ones at moments; a line is stuck high")]
    public InterruptFault Action { get; init; }
    /// <summary>How long a line is stuck.</summary>
    [Option("how long a line is stuck; 0: for good", Type = OptionType.Duration, Maximum = 3_600_000_000_000)]
    public ulong Hold { get; init; }
}

/// <summary>What happens to an interrupt.</summary>
public enum InterruptFault : byte
{
    /// <summary>It does not arrive. A level that was lost stays low until the device lowers and raises its line
    /// again.</summary>
    Lose,
    /// <summary>It arrives twice.</summary>
    Duplicate,
    /// <summary>One comes that nobody sent: lines pulse, the last message is sent again, a vCPU gets an NMI.</summary>
    Spurious,
    /// <summary>The line stays high when the device lowers it.</summary>
    Stuck,
}

/// <summary>One rule's interrupts that do not arrive as they were sent.</summary>
internal sealed class LostInterrupts(LostInterruptsOptions options)
    : IFaultDecorator<IIrqSink>, IFaultDecorator<IMsiTarget>
{
    public IIrqSink Decorate(IIrqSink inner, in FaultSite site, IFaultScope scope) =>
        new BrokenLine(inner, options, scope);

    public IMsiTarget Decorate(IMsiTarget inner, in FaultSite site, IFaultScope scope) =>
        options.Action == InterruptFault.Stuck ? inner : new BrokenMessages(inner, options.Action, scope);
}

/// <summary>One rule's interrupts that nobody sent.</summary>
internal sealed class SpuriousInterrupts
    : IFaultDecorator<IIrqSink>, IFaultDecorator<IMsiTarget>, IFaultDecorator<ILocalApic>, IFaultDecorator<IVcpu>
{
    private readonly Dictionary<string, SpuriousNmi> nmis = [];

    public IIrqSink Decorate(IIrqSink inner, in FaultSite site, IFaultScope scope) => new SpuriousLine(inner, scope);
    public IMsiTarget Decorate(IMsiTarget inner, in FaultSite site, IFaultScope scope) =>
        new SpuriousMessages(inner, scope);

    public ILocalApic Decorate(ILocalApic inner, in FaultSite site, IFaultScope scope) =>
        nmis[site.Path] = new SpuriousNmi(inner, scope);

    // The vCPU is made after its APIC, and is needed only to make it look.
    public IVcpu Decorate(IVcpu inner, in FaultSite site, IFaultScope scope)
    {
        if (nmis.TryGetValue(site.Path, out SpuriousNmi? nmi)) nmi.Connect(inner);
        return inner;
    }
}
