namespace Hv.Sdk.Conformance.Tests.Chars;

/// <summary>Ways to write a character backend wrongly.</summary>
public enum CharFlaw
{
    None,
    TakesAnyTarget,
    ThrowsTheWrongException,
    HasSevenBits,
    LosesTheEndOfPieces,
    DropsInput,
    ScramblesInput,
    WaitsForRoom,
    HoldsEverything,
    NeverSaysWritable,
    DoublesAfterAShortWrite,
    DropsWhileTheGuestIsSlow,
    TakesFromNothing,
    ThrowsWithoutAPeer,
    ThrowsOnSecondDispose,
    DeliversAfterDispose,
}
