using System.Buffers.Binary;
using Hv.Sdk.Block;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>What happens when the power goes, the host fails, or the image is damaged.</summary>
internal static class Failures
{
    private const int CutSteps = 60;
    private const int ErrorSteps = 80;
    private const int MostErrors = 48;
    private const int HeaderBytes = 512;
    private const int PageBytes = 4096;
    private const int PageHeadBytes = 32;
    private const int MostPages = 16;
    private const long MostAllocatedBytes = 64 << 20;

    public static void SurvivesPowerCut(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(24))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                Random random = new(seed);
                DiskTrial trial = DiskTrial.Open(subject, sample);
                for (int cut = 0; cut < 4; cut++)
                {
                    int steps = random.Next(1, CutSteps);
                    for (int i = 0; i < steps; i++) _ = trial.Step(random);
                    byte[] left = trial.File.AfterPowerCut(random);
                    trial.Model.PowerCut();
                    trial = Reopened(subject, left, trial.Model, $"after a power cut {steps} requests later");
                }
                trial.Dispose();
            }
        }
    }

    private static DiskTrial Reopened(DiskSubject subject, byte[] left, DiskModel model, string when)
    {
        DiskTrial trial;
        try
        {
            trial = DiskTrial.Reopen(subject, left, model);
        }
        catch (DiskException e)
        {
            throw new ContractException($"{when} the image is refused: {e.Message}", e);
        }
        trial.Verify(when);

        // What was read now is what is there: a second cut must not bring back anything older. Written anew, so that it
        // is certain.
        byte[] all = new byte[trial.Image.LengthBytes];
        CheckRun.Require(trial.Image.Read(0, all) == BlockStatus.Ok, $"{when} the disk cannot be read");
        CheckRun.Require(trial.Write(0, all) == BlockStatus.Ok && trial.Flush() == BlockStatus.Ok,
            $"{when} the disk cannot be written");
        return trial;
    }

    public static void ReportsErrors(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in Contract.SamplesOf(subject))
        {
            foreach (BlockStatus failure in new[] { BlockStatus.IoError, BlockStatus.NoSpace })
            {
                using DiskTrial trial = DiskTrial.Open(subject, sample);
                byte[] data = new byte[trial.Model.SectorBytes * 3];
                data.AsSpan().Fill(0x3c);
                RequireReported(trial, failure, FileOperation.Write, "a write", t => t.Write(0, data));
                RequireReported(trial, failure, FileOperation.WriteZeroes, "zeroes", t =>
                    t.Zero(t.Model.SectorBytes, t.Model.SectorBytes, mayUnmap: false));
                RequireReported(trial, failure, FileOperation.Flush, "a flush", t => t.Flush());
            }
            using DiskTrial reader = DiskTrial.Open(subject, sample);
            CheckRun.Require(reader.Write(0, new byte[reader.Model.SectorBytes]) == BlockStatus.Ok, "a write fails");
            reader.File.Intercept = o => o == FileOperation.Read ? BlockStatus.IoError : BlockStatus.Ok;

            // Right data out of a cache may succeed; DiskTrial.Read fails on wrong data.
            for (int i = 0; i < reader.Model.Count; i++) _ =
                reader.Read((long)i * reader.Model.SectorBytes, reader.Model.SectorBytes);
        }
    }

    private static void RequireReported(
        DiskTrial trial, BlockStatus failure, FileOperation failing, string what, Func<DiskTrial, BlockStatus> request)
    {
        bool wasAsked = false;
        trial.File.Intercept = o =>
        {
            // Zeroes may be written in one way or another.
            bool fails = o == failing
                || (failing == FileOperation.WriteZeroes && o is FileOperation.Write or FileOperation.PunchHole);
            wasAsked |= fails;
            return fails ? failure : BlockStatus.Ok;
        };
        BlockStatus first = request(trial), flush = trial.Flush();
        trial.File.Intercept = static _ => BlockStatus.Ok;
        CheckRun.Require(!wasAsked || first != BlockStatus.Ok || flush != BlockStatus.Ok,
            $"{what} while the host's file fails with {failure} succeeds, and so does the flush after it");
    }

    public static void LosesNothing(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(2))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                for (int nth = 1; nth <= MostErrors; nth++) FailNth(
                    subject, sample, seed, nth, nth % 3 == 0 ? BlockStatus.NoSpace : BlockStatus.IoError);
            }
        }
    }

    private static void FailNth(DiskSubject subject, DiskSample sample, int seed, int nth, BlockStatus failure)
    {
        Random random = new(seed);
        DiskTrial trial = DiskTrial.Open(subject, sample);
        int left = nth;
        trial.File.Intercept = _ => --left == 0 ? failure : BlockStatus.Ok;
        for (int i = 0; i < ErrorSteps; i++) _ = trial.Step(random);
        trial.File.Intercept = static _ => BlockStatus.Ok;
        string when = $"after {failure} at operation {nth} of the host's file";
        trial.Verify(when);
        CheckRun.Require(trial.Flush() == BlockStatus.Ok, $"{when} no flush succeeds any more");
        byte[] bytes = trial.File.AfterPowerCut(random);
        trial.Dispose();
        using DiskTrial again = DiskTrial.Reopen(subject, bytes, trial.Model);
        again.Verify($"{when}, opened again");
    }

    public static void RefusesDamage(DiskSubject subject, CheckRun run)
    {
        foreach (DiskSample sample in Contract.SamplesOf(subject))
        {
            CheckRun.Require(!Opens(subject, [], "an empty file"), "an empty file is taken");
            foreach (int length in new[] { 1, 511, 512, sample.Bytes.Length / 2, sample.Bytes.Length - 1 })
                Opens(subject, sample.Bytes[..Math.Min(length, sample.Bytes.Length)], $"the first {length} bytes");
            foreach (int at in EdgesOfMetadata(sample.Bytes.Length))
            {
                foreach (ulong value in new ulong[] { 0, 1, 0x8000_0000, uint.MaxValue, long.MaxValue, ulong.MaxValue })
                    Opens(subject, With(sample.Bytes, at, value), $"{value:x}h at {at}");
            }
            foreach (int seed in run.Seeds(60))
            {
                Random random = new(seed);
                byte[] damaged = (byte[])sample.Bytes.Clone();
                for (int i = random.Next(1, 9); i > 0;
                    i--) damaged[random.Next(
                        random.Next(2) == 0 ? Math.Min(4096, damaged.Length) : damaged.Length)] ^= (byte)random.Next(
                            1, 256);
                Opens(subject, damaged, "bytes changed at random");
            }
        }
    }

    /// <summary>Every word of the header, and the first words of each page after it: where formats keep
    /// tables.</summary>
    private static IEnumerable<int> EdgesOfMetadata(int fileBytes)
    {
        for (int at = 0; at + 8 <= Math.Min(HeaderBytes, fileBytes); at += 4) yield return at;
        for (int page = PageBytes; page + PageHeadBytes <= Math.Min(MostPages * PageBytes, fileBytes);
            page += PageBytes)
        {
            for (int at = 0; at < PageHeadBytes; at += 4) yield return page + at;
        }
    }

    private static byte[] With(byte[] file, int at, ulong value)
    {
        byte[] damaged = (byte[])file.Clone();
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes[..(value <= uint.MaxValue ? 4 : 8)].CopyTo(damaged.AsSpan(at));
        return damaged;
    }

    /// <summary>Whether the damaged file is opened; then every request must be answered.</summary>
    private static bool Opens(DiskSubject subject, byte[] bytes, string damage)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using IDiskImage image = subject.Open(new CrashFile(bytes), isReadOnly: false);
            RequireModest(before, damage);
            if (image.LengthBytes < image.SectorBytes) return true;
            byte[] sector = new byte[image.SectorBytes];
            foreach (long at in new[] { 0, image.LengthBytes / 2 / image.SectorBytes * image.SectorBytes,
                image.LengthBytes - image.SectorBytes })
            {
                _ = image.Read(at, sector);
                _ = image.Write(at, sector);
                _ = image.Discard(at, sector.Length);
            }
            _ = image.Flush();
            RequireModest(before, damage);
            return true;
        }
        catch (DiskException e)
        {
            CheckRun.Require(e.Message.Length > 0, $"{damage}: refused without a message");
            RequireModest(before, damage);
            return false;
        }
        catch (OutOfMemoryException e)
        {
            throw new ContractException($"{damage}: makes it ask for more memory than there is", e);
        }
        catch (Exception e) when (e is not ContractException)
        {
            throw new ContractException(
                $"{damage}: {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}", e);
        }
    }

    private static void RequireModest(long before, string damage)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        CheckRun.Require(allocated < MostAllocatedBytes, $"{damage}: makes it allocate {allocated >> 20} MiB");
    }
}
