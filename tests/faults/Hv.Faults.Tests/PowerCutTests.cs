using Hv.Faults.PowerCut;
using Hv.Sdk.Block;

namespace Hv.Faults.Tests;

/// <summary>After a power cut every sector holds what was there at the last flush, or something written since: never
/// anything else.</summary>
public sealed class PowerCutTests
{
    private const int Sectors = 64;
    private const int SectorBytes = 512;

    /// <summary>A disk in memory.</summary>
    private sealed class Medium : IDiskImage
    {
        public readonly byte[] Bytes = new byte[Sectors * PowerCutTests.SectorBytes];
        public long LengthBytes => Bytes.Length;
        public int SectorBytes => PowerCutTests.SectorBytes;
        public bool IsConcurrent => true;
        public bool CanDiscard => false;

        public BlockStatus Read(long offsetBytes, Span<byte> to)
        {
            Bytes.AsSpan((int)offsetBytes, to.Length).CopyTo(to);
            return BlockStatus.Ok;
        }

        public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
        {
            from.CopyTo(Bytes.AsSpan((int)offsetBytes));
            return BlockStatus.Ok;
        }

        public BlockStatus Flush() => BlockStatus.Ok;
        public BlockStatus Discard(long offsetBytes, long lengthBytes) => BlockStatus.Ok;

        public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
        {
            Bytes.AsSpan((int)offsetBytes, (int)lengthBytes).Clear();
            return BlockStatus.Ok;
        }

        public void Dispose()
        {
        }
    }

    /// <summary>What each sector may hold: the version of the last flush first, the newest last. A sector's version is
    /// one number, written all over it.</summary>
    private sealed class Model
    {
        private readonly List<int>[] allowed = [.. Enumerable.Range(0, Sectors).Select(_ => new List<int> { 0 })];

        public void Write(int first, int count, int version)
        {
            for (int i = 0; i < count; i++) allowed[first + i].Add(version);
        }

        public void Flush()
        {
            foreach (List<int> versions in allowed) versions.RemoveRange(0, versions.Count - 1);
        }

        public int Newest(int sector) => allowed[sector][^1];
        public IReadOnlyList<int> Allowed(int sector) => allowed[sector];
    }

    private static int VersionOf(ReadOnlySpan<byte> sector)
    {
        int version = BitConverter.ToInt32(sector);
        for (int at = 0; at < SectorBytes; at += 4) Assert.Equal(version, BitConverter.ToInt32(sector[at..]));
        return version;
    }

    private static byte[] Filled(int count, int version)
    {
        byte[] bytes = new byte[count * SectorBytes];
        for (int at = 0; at < bytes.Length; at += 4) BitConverter.TryWriteBytes(bytes.AsSpan(at), version);
        return bytes;
    }

    private sealed record Outcome(int Kept, int Lost, int Older, byte[] Bytes, string Evidence);

    private static Outcome Run(int seed, string words, int steps)
    {
        FaultBench bench = new(seed);
        bench.Add(new PowerCutPlugin(), "disk0:drive:image", words);
        Medium medium = new();
        IDiskImage disk = bench.Plan.Wire<IDiskImage>("disk0", "drive:image", bench.Strand, medium);
        Model model = new();
        Random random = new(seed);
        byte[] sector = new byte[SectorBytes];
        for (int version = 1; version <= steps && bench.PowerCut is null; version++)
        {
            int first = random.Next(Sectors);
            int count = random.Next(1, Math.Min(9, Sectors - first + 1));
            switch (random.Next(12))
            {
                case 0:
                    // What a flush covers is what was complete when it began; the cut may strike at its very begin.
                    if (disk.Flush() == BlockStatus.Ok) model.Flush();
                    break;
                case 1:
                    model.Write(first, count, 0);
                    _ = disk.WriteZeroes(first * SectorBytes, count * SectorBytes, false);
                    break;
                case 2 or 3:
                    Assert.Equal(BlockStatus.Ok, disk.Read(first * SectorBytes, sector));
                    Assert.Equal(model.Newest(first), VersionOf(sector));
                    break;
                default:
                    model.Write(first, count, version);
                    _ = disk.Write(first * SectorBytes, Filled(count, version));
                    break;
            }
            bench.Advance(1000);
        }
        Assert.NotNull(bench.PowerCut);
        Assert.Equal(BlockStatus.IoError, disk.Write(0, new byte[SectorBytes]));
        Assert.Equal(BlockStatus.IoError, disk.Read(0, sector));
        Assert.Equal(BlockStatus.IoError, disk.Flush());
        disk.Dispose();

        int kept = 0, lost = 0, older = 0;
        for (int i = 0; i < Sectors; i++)
        {
            int found = VersionOf(medium.Bytes.AsSpan(i * SectorBytes, SectorBytes));
            Assert.Contains(found, model.Allowed(i));
            if (model.Allowed(i).Count == 1) continue;
            if (found == model.Newest(i)) kept++;
            else if (found == model.Allowed(i)[0]) lost++;
            else older++;
        }
        return new Outcome(kept, lost, older, medium.Bytes, Assert.Single(bench.Rule.Firings).Evidence);
    }

    [Theory]
    [InlineData("on=write,nth=40")]
    [InlineData("on=flush,nth=5")]
    [InlineData("on=time,after=70us")]
    [InlineData("on=write,nth=40,torn=off")]
    public void Cut_OfRandomWork_LeavesAnAllowedDisk(string words)
    {
        int kept = 0, lost = 0, older = 0;
        for (int seed = 1; seed <= 200; seed++)
        {
            Outcome outcome = Run(seed, words, steps: 2000);
            (kept, lost, older) = (kept + outcome.Kept, lost + outcome.Lost, older + outcome.Older);
        }
        // The adversary is one: each kind of outcome occurs, many times.
        Assert.All((int[])[kept, lost, older], count => Assert.InRange(count, 20, int.MaxValue));
    }

    [Fact]
    public void Cut_WithOneSeed_IsTheSame_AndWithAnotherIsAnother()
    {
        const string Words = "on=write,nth=60";
        Assert.Equal(Run(3, Words, 500).Bytes, Run(3, Words, 500).Bytes);
        Assert.Equal(Run(3, Words, 500).Evidence, Run(3, Words, 500).Evidence);
        Assert.NotEqual(Run(3, Words, 500).Bytes, Run(4, Words, 500).Bytes);
    }

    [Fact]
    public void Cache_BeyondItsSize_IsWrittenThroughOldestFirst()
    {
        FaultBench bench = new();
        bench.Add(new PowerCutPlugin(), "disk0", "on=write,nth=1000000,cache=1M");
        Medium medium = new();
        IDiskImage disk = bench.Plan.Wire<IDiskImage>("disk0", "drive:image", bench.Strand, medium);
        for (int i = 1; i <= 2048 + 10; i++) _ = disk.Write(0, Filled(1, i));
        Assert.Equal(10, VersionOf(medium.Bytes.AsSpan(0, SectorBytes)));
        byte[] sector = new byte[SectorBytes];
        _ = disk.Read(0, sector);
        Assert.Equal(2058, VersionOf(sector));
    }

    [Fact]
    public void Disks_OfOneRule_LoseTheirPowerTogether()
    {
        FaultBench bench = new();
        bench.Add(new PowerCutPlugin(), "disk*", "on=write,nth=3");
        IDiskImage[] disks = [.. Enumerable.Range(0, 2).Select(i =>
            bench.Plan.Wire<IDiskImage>($"disk{i}", "drive:image", bench.Strand, new Medium()))];
        for (int i = 0; i < 3; i++) Assert.Equal(BlockStatus.Ok, disks[i % 2].Write(0, Filled(1, i + 1)));
        Assert.Equal(2, bench.Rule.Firings.Count);
        Assert.All(disks, d => Assert.Equal(BlockStatus.IoError, d.Flush()));
    }

    [Fact]
    public void Machine_ThatEndsInPeace_LosesNothing()
    {
        FaultBench bench = new();
        bench.Add(new PowerCutPlugin(), "disk0", "after=1s");
        Medium medium = new();
        IDiskImage disk = bench.Plan.Wire<IDiskImage>("disk0", "drive:image", bench.Strand, medium);
        _ = disk.Write(0, Filled(Sectors, 7));
        disk.Dispose();
        Assert.Equal(Filled(Sectors, 7), medium.Bytes);
    }
}
