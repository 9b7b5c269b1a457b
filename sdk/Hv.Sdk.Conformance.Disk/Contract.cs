using Hv.Sdk.Block;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>What a format is, and what it must not do.</summary>
internal static class Contract
{
    /// <summary>Each sample, or "not applicable" when there is none.</summary>
    internal static IReadOnlyList<DiskSample> SamplesOf(DiskSubject subject)
    {
        if (subject.Samples.Count == 0) CheckRun.NotApplicable(
            "there is no sample image, and the format refuses a file of zeroes");
        return subject.Samples;
    }

    public static void IsDescribed(DiskSubject subject, CheckRun run) =>
        Description.RequireComplete<DiskFormatAttribute>(subject.Format, subject.Format.Options);

    public static void ProbesHarmlessly(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(20))
        {
            Random random = new(seed);
            byte[] noise = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(16), 2 => 512, _ => 65536 }];
            random.NextBytes(noise);
            foreach (byte[] file in subject.Samples.Select(s => s.Bytes).Append(noise))
            {
                byte[] head = file.AsSpan(
                    0, Math.Min(random.Next(2) == 0 ? random.Next(600) : 65536, file.Length)).ToArray();
                ProbeScore score = subject.Format.Probe(head, "x.img");
                CheckRun.Require(Enum.IsDefined(score), $"{(int)score} is not a score");
                CheckRun.Require(score == subject.Format.Probe(head, "x.img"),
                    "two looks at the same bytes give two scores");
            }
        }
        foreach (DiskSample sample in subject.Samples)
        {
            ProbeScore own = subject.Format.Probe(
                sample.Bytes.AsSpan(0, Math.Min(65536, sample.Bytes.Length)), sample.Name);
            CheckRun.Require(own != ProbeScore.No, $"'{sample.Name}' is not recognised as the format's own");
        }
    }

    public static void UsesItsFile(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            string path = Path.Combine(Path.GetTempPath(), $"hv-conformance-{Guid.NewGuid():n}.img");
            CrashFile file = new(sample.Bytes) { Path = path };
            using (DiskTrial trial = DiskTrial.Open(subject, sample, file))
            {
                _ = trial.Write(0, new byte[trial.Model.SectorBytes]);
                _ = trial.Flush();
            }
            bool isThere = File.Exists(path);
            File.Delete(path);
            CheckRun.Require(!isThere, "it opens files by their path: the host's lock and faults do not reach those");
            CheckRun.Require(!file.IsDisposed, "it closes the file that the host has opened");
            CheckRun.Require(file.Changes > 0, "a write and a flush never came to the file");
        }
    }

    public static void HasSoundGeometry(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            using DiskTrial trial = DiskTrial.Open(subject, sample);
            IDiskImage image = trial.Image;
            CheckRun.Require(image.SectorBytes is 512 or 4096, $"a sector is {image.SectorBytes} bytes");
            CheckRun.Require(image.LengthBytes > 0 && image.LengthBytes % image.SectorBytes == 0,
                $"the disk is {image.LengthBytes} bytes long, no whole number of sectors of {image.SectorBytes}");
            if (sample.LengthBytes is { } known)
                CheckRun.Require(image.LengthBytes == known,
                    $"'{sample.Name}' is {image.LengthBytes} bytes long instead of {known}");
            trial.Verify($"'{sample.Name}' as opened");
        }
    }

    public static void RefusesOutOfRange(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            using DiskTrial trial = DiskTrial.Open(subject, sample);
            IDiskImage image = trial.Image;
            int sector = image.SectorBytes;
            List<long> offsets =
                [-sector, image.LengthBytes, image.LengthBytes + sector, long.MaxValue - sector + 1, long.MinValue];
            foreach (long offset in offsets) Refuses(trial, offset, sector);
            Refuses(trial, image.LengthBytes - sector, 2 * sector);
            trial.Verify("after requests outside the disk");
        }
    }

    private static void Refuses(DiskTrial trial, long offset, int length)
    {
        byte[] ones = new byte[length];
        ones.AsSpan().Fill(0xff);
        byte[] before = trial.File.Snapshot();
        IDiskImage image = trial.Image;
        CheckRun.Require(image.Read(offset, ones) != BlockStatus.Ok, $"a read of {length} bytes at {offset} succeeds");
        CheckRun.Require(image.Write(offset, ones) != BlockStatus.Ok,
            $"a write of {length} bytes at {offset} succeeds");
        CheckRun.Require(image.WriteZeroes(offset, length, mayUnmap: true) != BlockStatus.Ok,
            $"zeroes of {length} bytes at {offset} succeed");
        CheckRun.Require(image.Discard(offset, length) != BlockStatus.Ok,
            $"a discard of {length} bytes at {offset} succeeds");
        CheckRun.Require(before.AsSpan().SequenceEqual(trial.File.Snapshot()),
            $"a refused request of {length} bytes at {offset} has changed the file");
    }

    public static void KeepsReadOnly(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            CrashFile file = new(sample.Bytes);
            using (IDiskImage image = subject.Open(file, isReadOnly: true))
            {
                byte[] sector = new byte[image.SectorBytes];
                CheckRun.Require(!image.CanDiscard, "it says that it can discard");
                CheckRun.Require(image.Read(0, sector) == BlockStatus.Ok, "it cannot be read");
                sector.AsSpan().Fill(0xff);
                CheckRun.Require(image.Write(0, sector) == BlockStatus.ReadOnly, "a write is not refused as read-only");
                CheckRun.Require(image.WriteZeroes(0, sector.Length, mayUnmap: true) == BlockStatus.ReadOnly,
                    "zeroes are not refused as read-only");
                CheckRun.Require(image.Discard(0, sector.Length) == BlockStatus.ReadOnly,
                    "a discard is not refused as read-only");
                CheckRun.Require(image.Flush() == BlockStatus.Ok, "a flush, which has nothing to do, fails");
            }
            CheckRun.Require(file.Changes == 0, "its file was changed");
        }
    }

    public static void ReadsOnly(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            using DiskTrial trial = DiskTrial.Open(subject, sample);
            int changes = trial.File.Changes;
            trial.Verify("as opened");
            CheckRun.Require(trial.File.Changes == changes, "reading the whole disk has changed the file");
        }
    }

    public static void DisposesOnce(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in SamplesOf(subject))
        {
            DiskTrial trial = DiskTrial.Open(subject, sample);
            _ = trial.Write(0, new byte[trial.Model.SectorBytes]);
            trial.Dispose();
            int operations = trial.File.Operations;
            trial.Dispose();
            CheckRun.Require(trial.File.Operations == operations,
                "a second Dispose works on the file, which may be another's by then");
        }
    }
}
