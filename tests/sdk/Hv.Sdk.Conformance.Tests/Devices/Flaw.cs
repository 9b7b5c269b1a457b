namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>Ways to write a device wrongly.</summary>
public enum Flaw
{
    None,
    ForgetsAField,
    HasStateInSpiteOfNoState,
    LeavesTheLineLow,
    CancelsItsTimerInLoad,
    SendsAMessageInLoad,
    SaveCounts,
    LoadRounds,
    TrustsItsState,
    TakesAnyLength,
    TakesAnyNumber,
    RefusesUnknownFields,
    LostATag,
    DebugReadCounts,
    InspectionClears,
    ResetKeepsTheCount,
    Allocates,
    Throws,
    NeverStopsTicking,
    ReadsTheHostsClock,
    ReadsTheHostsRandomness,
    CountsInAStatic,
    KnowsItsClocksClass,
    CountsOnAThread,
    NeverDrains,
    RaisesItsLineFromAThread,
}
