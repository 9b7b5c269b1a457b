namespace Hv.Sdk.Conformance.Tests.Nets;

/// <summary>Ways to write a network backend wrongly.</summary>
public enum NetFlaw
{
    None,
    DropsSome,
    SwapsNeighbours,
    LosesOffloads,
    QueuesInOneBuffer,
    DropsWhenFull,
    NeverSaysReady,
    DeliversTwice,
    HoldsEverything,
    Allocates,
    ThrowsOnGiants,
    CutsGiants,
    RepeatsWhenReady,
    HasOneLinkForAll,
    ThrowsOnSecondDispose,
    DeliversWhenDisposed,
}
