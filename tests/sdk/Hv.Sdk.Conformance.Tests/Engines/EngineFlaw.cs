namespace Hv.Sdk.Conformance.Tests.Engines;

/// <summary>Ways to write an engine wrongly.</summary>
public enum EngineFlaw
{
    None,
    PowersOnElsewhere,
    ForgetsTscAux,
    ForgetsXmm15,
    HasOneVcpuForAll,
    ReadsNoXmm,
    RunsOneTooMany,
    ClearsFlagsBetweenRuns,
    MixesInHostTime,
    CountsFaults,
    CallsATripleFaultHalt,
    RunsItsClockTwiceAsFast,
    ForgetsKicksBeforeRun,
    IgnoresKicksWhileRunning,
    SleepsThroughInterrupts,
    TakesInterruptsAtOnce,
    IgnoresGoneInterrupts,
    AcknowledgesNmisTwice,
    LosesTheSipiVector,
    CountsAccessesEarly,
    NarrowsStores,
    WrapsInsideThePage,
    GoesOnWithoutTheValue,
    KeepsItsFirstMap,
    WritesReadOnlyMemory,
    MarksNothing,
    KeepsOldCode,
}
