using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>The requirements of <see cref="Engines.IEngine"/>, <see cref="Engines.IPartition"/> and
/// <see cref="Engines.IVcpu"/>.</summary>
public sealed class EngineSuite : ConformanceSuite<EngineSubject>
{
    /// <summary>The suite.</summary>
    public static EngineSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public EngineSuite() : base("engine",
    [
        new("is-described", "the engine has a name, each option a name and a summary", Running.IsDescribed),
        new("powers-on-as-the-manual-says", "a new vCPU is in the state after power-on (SDM vol. 3, 10.1.1)",
            States.PowersOn),
        new("state-is-a-fixed-point", "a state that is written is read back, register by register",
            States.IsFixedPoint),
        new("vcpus-share-no-state", "what one vCPU does to its registers another does not see", States.AreApart),
        new("saved-in-the-middle-goes-on", "a state read at any instruction goes on in another machine as in its own",
            States.GoesOnElsewhere),
        new("budget-is-exact", "an engine that promises it stops after exactly as many instructions as it was given",
            Running.MeetsBudget),
        new("slices-add-up", "a run in pieces ends as a run in one", Running.AddsUp),
        new("same-run-twice", "an engine that promises it gives the same run from the same state, bit for bit",
            Running.IsDeterministic),
        new("faults-do-not-retire", "an instruction that faults is not counted, and leads to its handler",
            Running.CountsNoFaults),
        new("triple-fault-is-reported", "a fault without a handler ends in the shutdown state",
            Running.ReportsTripleFault),
        new("tsc-follows-virtual-time", "the time-stamp counter is virtual time at its frequency, plus its offset",
            Running.FollowsTime),
        new("kick-returns", "a kick ends a run soon, or the next one at once, and only that one",
            Signals.ReturnsOnKick),
        new("halt-waits-for-an-interrupt", "HLT returns, and an interrupt wakes it and is delivered",
            Signals.WakesFromHalt),
        new("interrupts-wait-for-their-window",
            "an interrupt is taken when IF is set and the shadow of STI is over, and not before",
            Signals.WaitsForWindow),
        new("nmis-do-not-nest", "an NMI is taken whatever IF is, and the next one after IRET", Signals.BlocksNmis),
        new("init-and-sipi-start-a-vcpu", "INIT waits for a start-up IPI, which begins in real mode at its vector",
            Signals.StartsBySipi),
        new("accesses-reach-the-bus",
            "loads, stores, IN and OUT of every size reach the bus with their value, before they are counted",
            Accesses.ReachTheBus),
        new("accesses-stay-in-their-page", "an access across a page comes to the bus in pieces that do not cross it",
            Accesses.StayInPages),
        new("deferred-is-executed-again", "a postponed read leaves the instruction undone, and the next run does it",
            Accesses.AreDeferred),
        new("memory-map-may-change", "after a change of the map code and data are those of the new one",
            Memory.MapChanges),
        new("read-only-memory-is-the-buss", "writes to a read-only slot come to the bus and change nothing",
            Memory.ReadOnlyIsTheBuss),
        new("dirty-pages-are-marked", "an engine that promises it marks the pages that are written, and those only",
            Memory.MarksDirtyPages),
        new("changed-code-runs-changed", "code that the host or the guest itself has changed runs as it is now",
            Memory.RunsChangedCode),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(EngineSubject subject) => subject.Name;
}
