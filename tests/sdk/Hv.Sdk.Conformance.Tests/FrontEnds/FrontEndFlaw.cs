namespace Hv.Sdk.Conformance.Tests.FrontEnds;

/// <summary>Ways to write a front-end wrongly.</summary>
public enum FrontEndFlaw
{
    None,
    ReturnsEarly,
    MissesTheEnd,
    WaitsForAnEndThatWas,
    QuitsWhenCancelled,
    NeedsAConsole,
    DropsOutput,
    QueuesOutput,
    HasSevenBits,
    StaysCooked,
    NeverResumes,
    DiesOfAFailedSave,
    IgnoresTheSize,
    LeavesTheTerminalRaw,
}
