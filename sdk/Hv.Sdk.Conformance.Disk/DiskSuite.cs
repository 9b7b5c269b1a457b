using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>The requirements of <see cref="Block.IDiskFormat"/> and <see cref="Block.IDiskImage"/>.</summary>
public sealed class DiskSuite : ConformanceSuite<DiskSubject>
{
    /// <summary>The suite.</summary>
    public static DiskSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public DiskSuite() : base("disk-format",
    [
        new("is-described", "the format has a name, each option a name and a summary", Contract.IsDescribed),
        new("probe-is-harmless",
            "looking at any file's beginning says how sure it is, the same each time, and never throws",
            Contract.ProbesHarmlessly),
        new("uses-only-the-file-it-is-given",
            "an image is read through the file that the host has opened and locked, and leaves its closing to the host",
            Contract.UsesItsFile),
        new("geometry-is-sound",
            "sectors are 512 or 4096 bytes, the length is a whole number of them and what the image says",
            Contract.HasSoundGeometry),
        new("out-of-range-is-refused", "a request that is not wholly inside the disk is refused and changes nothing",
            Contract.RefusesOutOfRange),
        new("read-only-is-kept", "an image opened for reading never changes its file", Contract.KeepsReadOnly),
        new("reading-changes-nothing", "reads leave the file as it was", Contract.ReadsOnly),
        new("reads-back-what-was-written", "random requests agree with a model of the disk", Data.AgreesWithModel),
        new("zeroes-read-as-zeroes",
            "what was zeroed reads as zeroes, nothing beside it changes, with unmapping or without", Data.Zeroes),
        new("discard-spares-its-neighbours",
            "a discard changes nothing outside its range, and the range can be written again", Data.Discards),
        new("works-without-holes", "on a host that cannot punch holes everything works", Data.WorksWithoutHoles),
        new("works-on-4k-sectors", "on a host that wants sectors of 4096 bytes everything works", Data.WorksOn4K),
        new("survives-reopening", "what was acknowledged is there when the image is opened again",
            Data.SurvivesReopening),
        new("requests-may-come-from-any-thread",
            "several threads agree with a model each: at the same time if the image allows it, else in turn",
            Data.TakesAnyThread),
        new("flushed-survives-a-power-cut",
            "whatever else is lost, flushed data is there, and no sector holds what was never written to it",
            Failures.SurvivesPowerCut),
        new("errors-are-reported",
            "when the host's file fails, the request or the next flush says so, and no read succeeds with wrong data",
            Failures.ReportsErrors),
        new("errors-lose-nothing",
            "after an error of the host at any operation, everything acknowledged and flushed is there",
            Failures.LosesNothing),
        new("damaged-image-is-refused",
            "a truncated or damaged file is refused with a message, or answers every request with a status",
            Failures.RefusesDamage),
        new("disposal-is-final", "an image may be disposed twice, and does not touch its file afterwards",
            Contract.DisposesOnce),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(DiskSubject subject) => subject.Name;
}
