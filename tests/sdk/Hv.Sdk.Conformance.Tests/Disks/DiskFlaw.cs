namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>Ways to write a disk format wrongly.</summary>
public enum DiskFlaw
{
    None,
    ThrowsOnShortHeads,
    OpensByPath,
    ClosesTheFile,
    HalfASector,
    WrapsRanges,
    WritesThoughReadOnly,
    AllocatesOnReads,
    ForgetsTheSecondCluster,
    ZeroesOneSectorTooFew,
    DiscardsWholeClusters,
    PunchesHolesAnyway,
    ThinksInSmallSectors,
    KeepsTheTableToItself,
    SharesABuffer,
    FlushesNothing,
    AllocatesFromTheEnd,
    HidesWriteErrors,
    ReadsThroughErrors,
    TableAheadOfTheDisk,
    TrustsItsTable,
    TrustsItsLength,
    ThrowsOnErrors,
    FlushesWhenDisposedTwice,
}
