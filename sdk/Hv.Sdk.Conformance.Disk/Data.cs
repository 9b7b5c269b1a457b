using Hv.Sdk.Block;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>What comes out is what went in.</summary>
internal static class Data
{
    private const int Steps = 300;
    private const int Threads = 4;

    public static void AgreesWithModel(DiskSubject subject, CheckRun run) =>
        RunSteps(subject, run, 6, s => new CrashFile(s.Bytes));

    public static void WorksWithoutHoles(DiskSubject subject, CheckRun run) =>
        RunSteps(subject, run, 2, s => new CrashFile(s.Bytes) { CanPunchHoles = false });

    public static void WorksOn4K(DiskSubject subject, CheckRun run) =>
        RunSteps(subject, run, 2, s => new CrashFile(s.Bytes) { SectorBytes = 4096 });

    private static void RunSteps(DiskSubject subject, CheckRun run, int seeds, Func<DiskSample, CrashFile> file)
    {
        foreach (int seed in run.Seeds(seeds))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                using DiskTrial trial = DiskTrial.Open(subject, sample, file(sample));
                Random random = new(seed);
                for (int i = 0; i < Steps; i++) RequireDone(trial.Step(random), i);
                trial.Verify($"after {Steps} requests");
            }
        }
    }

    private static void RequireDone(BlockStatus status, int step) =>
        CheckRun.Require(status is BlockStatus.Ok or BlockStatus.Unsupported,
            $"request {step} inside the disk ends with {status}");

    public static void Zeroes(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(6))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                using DiskTrial trial = DiskTrial.Open(subject, sample);
                Random random = new(seed);
                Fill(trial, random);
                int sector = trial.Model.SectorBytes, first = random.Next(trial.Model.Count - 1),
                    count = random.Next(1, trial.Model.Count - first);
                BlockStatus status = trial.Zero((long)first * sector, count * sector, mayUnmap: seed % 2 == 0);
                CheckRun.Require(status == BlockStatus.Ok, $"zeroes end with {status}");
                CheckRun.Require(trial.Zero(0, 0, mayUnmap: true) == BlockStatus.Ok, "zeroes of no length fail");
                trial.Verify($"after zeroes in sectors {first} to {first + count - 1}");
            }
        }
    }

    public static void Discards(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(6))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                using DiskTrial trial = DiskTrial.Open(subject, sample);
                Random random = new(seed);
                Fill(trial, random);
                int sector = trial.Model.SectorBytes, first = random.Next(trial.Model.Count - 1),
                    count = random.Next(1, trial.Model.Count - first);
                RequireDone(trial.Discard((long)first * sector, count * sector), 0);
                trial.Verify($"after a discard of sectors {first} to {first + count - 1}");
                Fill(trial, random);
                trial.Verify("written again after a discard");
            }
        }
    }

    private static void Fill(DiskTrial trial, Random random)
    {
        byte[] noise = new byte[trial.Image.LengthBytes];
        random.NextBytes(noise);
        CheckRun.Require(trial.Write(0, noise) == BlockStatus.Ok, "the whole disk cannot be written at once");
    }

    public static void SurvivesReopening(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(4))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                Random random = new(seed);
                DiskTrial trial = DiskTrial.Open(subject, sample);
                for (int round = 0; round < 3; round++)
                {
                    for (int i = 0; i < Steps / 3; i++) _ = trial.Step(random);
                    trial.Dispose();
                    trial = DiskTrial.Reopen(subject, trial.File.Snapshot(), trial.Model);
                    trial.Verify($"opened again after {(round + 1) * Steps / 3} requests");
                }
                trial.Dispose();
            }
        }
    }

    public static void TakesAnyThread(DiskSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(2))
        {
            foreach (DiskSample sample in Contract.SamplesOf(subject))
            {
                CrashFile file = new(sample.Bytes) { Yields = true };
                using IDiskImage image = subject.Open(file, isReadOnly: false);
                Lock turn = new();
                List<string> wrong = [];
                Thread[] threads = [.. Enumerable.Range(0, Threads).Select(
                    t => new Thread(() => UseStripe(image, image.IsConcurrent ? new Lock() : turn, seed, t, wrong)))];
                foreach (Thread thread in threads) thread.Start();
                foreach (Thread thread in threads) thread.Join();
                CheckRun.Require(wrong.Count == 0, wrong.FirstOrDefault() ?? "");
            }
        }
    }

    /// <summary>Every fourth sector belongs to a thread: neighbours share whatever the format keeps together.</summary>
    private static void UseStripe(IDiskImage image, Lock turn, int seed, int stripe, List<string> wrong)
    {
        try
        {
            Random random = new(seed + stripe);
            int sector = image.SectorBytes;
            long count = image.LengthBytes / sector / Threads;
            Dictionary<long, byte[]> model = [];
            for (int i = 0; i < Steps; i++)
            {
                long at = (random.NextInt64(count) * Threads) + stripe;
                byte[] data = new byte[sector];
                if (random.Next(2) == 0)
                {
                    random.NextBytes(data);
                    lock (turn) CheckRun.Require(
                        image.Write(at * sector, data) == BlockStatus.Ok, $"thread {stripe}: a write fails");
                    model[at] = data;
                }
                else if (model.TryGetValue(at, out byte[]? expected))
                {
                    lock (turn) CheckRun.Require(
                        image.Read(at * sector, data) == BlockStatus.Ok, $"thread {stripe}: a read fails");
                    CheckRun.Require(data.AsSpan().SequenceEqual(expected),
                        $"thread {stripe}: sector {at} holds what this thread has not written");
                }
            }
        }
        catch (Exception e)
        {
            lock (wrong) wrong.Add(e.Message);
        }
    }
}
