using Hv.Sdk.Conformance.Engine;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Engines;

/// <summary>What can be wrong with an engine.</summary>
internal static class EngineDefects
{
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("engine", "has no name", "is-described", () => Try("is-described", new NamelessEngine())),
        Of(EngineFlaw.PowersOnElsewhere, "powers on with RIP 0", "powers-on-as-the-manual-says"),
        Of(EngineFlaw.ForgetsTscAux, "does not take IA32_TSC_AUX over", "state-is-a-fixed-point"),
        Of(EngineFlaw.ForgetsXmm15, "does not take XMM15 over", "state-is-a-fixed-point"),
        Of(EngineFlaw.HasOneVcpuForAll, "gives every index the same vCPU", "vcpus-share-no-state"),
        Of(EngineFlaw.ReadsNoXmm, "does not give XMM registers out", "saved-in-the-middle-goes-on"),
        Of(EngineFlaw.RunsOneTooMany, "runs one instruction beyond its budget", "budget-is-exact"),
        Of(EngineFlaw.ClearsFlagsBetweenRuns, "loses the carry flag between two runs", "slices-add-up"),
        Of(EngineFlaw.MixesInHostTime, "leaves the host's time in a register", "same-run-twice"),
        Of(EngineFlaw.CountsFaults, "counts an instruction that faulted", "faults-do-not-retire"),
        Of(EngineFlaw.CallsATripleFaultHalt, "calls a triple fault HLT", "triple-fault-is-reported"),
        Of(EngineFlaw.RunsItsClockTwiceAsFast, "counts two ticks for one", "tsc-follows-virtual-time"),
        Of(EngineFlaw.ForgetsKicksBeforeRun, "forgets a kick that comes before the run", "kick-returns"),
        Of(EngineFlaw.IgnoresKicksWhileRunning, "does not look at kicks while it runs", "kick-returns"),
        Of(EngineFlaw.SleepsThroughInterrupts, "does not look at interrupts", "halt-waits-for-an-interrupt"),
        Of(EngineFlaw.TakesInterruptsAtOnce, "acknowledges an interrupt that it cannot deliver yet",
            "interrupts-wait-for-their-window"),
        Of(EngineFlaw.IgnoresGoneInterrupts, "delivers an interrupt that has gone", "interrupts-wait-for-their-window"),
        Of(EngineFlaw.AcknowledgesNmisTwice, "takes two NMIs for one", "nmis-do-not-nest"),
        Of(EngineFlaw.LosesTheSipiVector, "starts at 0 whatever the start-up IPI says", "init-and-sipi-start-a-vcpu"),
        Of(EngineFlaw.CountsAccessesEarly, "counts an access before it is made", "accesses-reach-the-bus"),
        Of(EngineFlaw.NarrowsStores, "stores four bytes of eight", "accesses-reach-the-bus"),
        Of(EngineFlaw.WrapsInsideThePage, "wraps an access at the page's end", "accesses-stay-in-their-page"),
        Of(EngineFlaw.GoesOnWithoutTheValue, "goes on without a postponed value", "deferred-is-executed-again"),
        Of(EngineFlaw.KeepsItsFirstMap, "keeps its first memory map", "memory-map-may-change"),
        Of(EngineFlaw.WritesReadOnlyMemory, "writes read-only memory", "read-only-memory-is-the-buss"),
        Of(EngineFlaw.MarksNothing, "marks no page as dirty", "dirty-pages-are-marked"),
        Of(EngineFlaw.KeepsOldCode, "runs old code after the host has written new", "changed-code-runs-changed"),
    ];

    private static Defect Of(EngineFlaw flaw, string name, string check) =>
        new("engine", name, check, () => Try(check, new FlawedEngine(flaw)));

    private static CheckResult Try(string check, IEngine engine)
    {
        Patience.SetLimit(Brief);
        return EngineSuite.Default.RunCheck(check, new EngineSubject { Engine = engine }, ConformanceOptions.Quick);
    }
}
