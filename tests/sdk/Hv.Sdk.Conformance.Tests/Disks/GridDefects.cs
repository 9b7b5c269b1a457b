using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>What can be wrong with a disk format.</summary>
internal static class GridDefects
{
    private const int Clusters = 32;

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("disk-format", "has no name", "is-described", () => DiskSuite.Default.RunCheck(
            "is-described", new DiskSubject { Format = new NamelessFormat() }, ConformanceOptions.Quick)),
        Of(DiskFlaw.ThrowsOnShortHeads, "reads its magic number from files that are shorter", "probe-is-harmless"),
        Of(DiskFlaw.OpensByPath, "opens the file by its path", "uses-only-the-file-it-is-given"),
        Of(DiskFlaw.ClosesTheFile, "closes the host's file", "uses-only-the-file-it-is-given"),
        Of(DiskFlaw.HalfASector, "ends in the middle of a sector", "geometry-is-sound"),
        Of(DiskFlaw.WrapsRanges, "takes negative offsets, and ranges that overflow", "out-of-range-is-refused"),
        Of(DiskFlaw.WritesThoughReadOnly, "writes though it was opened for reading", "read-only-is-kept"),
        Of(DiskFlaw.AllocatesOnReads, "allocates when it is read", "reading-changes-nothing"),
        Of(DiskFlaw.ForgetsTheSecondCluster, "reads zeroes after a cluster's end", "reads-back-what-was-written"),
        Of(DiskFlaw.ZeroesOneSectorTooFew, "zeroes a sector too few", "zeroes-read-as-zeroes"),
        Of(DiskFlaw.DiscardsWholeClusters, "rounds a discard outwards", "discard-spares-its-neighbours"),
        Of(DiskFlaw.PunchesHolesAnyway, "punches holes where there can be none", "works-without-holes"),
        Of(DiskFlaw.ThinksInSmallSectors, "writes 512 bytes of a sector of 4096", "works-on-4k-sectors"),
        Of(DiskFlaw.KeepsTheTableToItself, "keeps new clusters in memory only", "survives-reopening"),
        Of(DiskFlaw.SharesABuffer, "shares one buffer between concurrent requests",
            "requests-may-come-from-any-thread"),
        Of(DiskFlaw.FlushesNothing, "does not pass flushes on", "flushed-survives-a-power-cut"),
        Of(DiskFlaw.AllocatesFromTheEnd, "uses a lost block for two clusters after a power cut",
            "flushed-survives-a-power-cut"),
        Of(DiskFlaw.HidesWriteErrors, "hides errors of writes and flushes", "errors-are-reported"),
        Of(DiskFlaw.ReadsThroughErrors, "gives what was in the buffer when a read fails", "errors-are-reported"),
        Of(DiskFlaw.ThrowsOnErrors, "throws when the host's file fails", "errors-lose-nothing"),
        Of(DiskFlaw.TableAheadOfTheDisk, "its table in memory runs ahead of the disk's after an error",
            "errors-lose-nothing"),
        Of(DiskFlaw.TrustsItsTable, "takes block numbers from the file unchecked", "damaged-image-is-refused"),
        Of(DiskFlaw.TrustsItsLength, "allocates as much as the header says", "damaged-image-is-refused"),
        Of(DiskFlaw.FlushesWhenDisposedTwice, "flushes on each Dispose", "disposal-is-final"),
    ];

    private static Defect Of(DiskFlaw flaw, string name, string check) => new(
        "disk-format", name, check, () => DiskSuite.Default.RunCheck(check, Subject(flaw), ConformanceOptions.Quick));

    internal static DiskSubject Subject(DiskFlaw flaw) => new()
    {
        Format = new GridFormat(flaw),
        Samples = [new DiskSample(
            "empty.grid", GridFormat.Create(Clusters)) { LengthBytes = Clusters * GridFormat.BlockBytes,
            Contents = new byte[Clusters * GridFormat.BlockBytes] }],
    };
}
