using Hv.Sdk;
using Hv.Sdk.Block;

namespace Hv.Disks.Raw.Tests;

public sealed class RawTests
{
    private sealed class Opening(IHostFile file, bool isReadOnly) : IDiskOpen
    {
        public IHostFile File => file;
        public bool IsReadOnly => isReadOnly;
        public IDiskImage OpenBacking(string reference, string? format) => throw new NotSupportedException();
    }

    private static IDiskImage Open(MemoryFile file, bool isReadOnly = false, bool discard = true) => new RawPlugin().Open(
        new Opening(file, isReadOnly), new OptionValues(new Dictionary<string, string> { ["discard"] = discard ? "1" : "0" }));

    [Fact]
    public void Open_TakesLengthAndSectorFromTheFile()
    {
        using IDiskImage image = Open(new MemoryFile(8192) { SectorBytes = 4096 });
        Assert.Equal((8192, 4096, true, true), (image.LengthBytes, image.SectorBytes, image.IsConcurrent, image.CanDiscard));
    }

    [Fact]
    public void Open_EmptyFile_SaysWhatToDo() =>
        Assert.Contains("truncate", Assert.Throws<DiskException>(() => Open(new MemoryFile(0))).Message, StringComparison.Ordinal);

    [Fact]
    public void LastSector_ThatTheFileOnlyBegins_ReadsAsZeroesAndGrowsWhenWritten()
    {
        MemoryFile file = new(700);
        file.Bytes.AsSpan().Fill(7);
        using IDiskImage image = Open(file);
        Assert.Equal(1024, image.LengthBytes);
        byte[] sector = new byte[512];
        Assert.Equal(BlockStatus.Ok, image.Read(512, sector));
        Assert.Equal([.. Enumerable.Repeat((byte)7, 188), .. new byte[324]], sector);
        Assert.Equal(BlockStatus.Ok, image.Write(512, Enumerable.Repeat((byte)9, 512).ToArray()));
        Assert.Equal(1024, file.LengthBytes);
    }

    [Theory]
    [InlineData(-512, 512)]
    [InlineData(4096, 512)]
    [InlineData(3584, 1024)]
    [InlineData(long.MaxValue - 511, 512)]
    public void Access_OutsideTheDisk_IsOutOfRangeAndChangesNothing(long offset, int length)
    {
        MemoryFile file = new(4096);
        using IDiskImage image = Open(file);
        byte[] ones = Enumerable.Repeat((byte)1, length).ToArray();
        Assert.Equal(BlockStatus.OutOfRange, image.Read(offset, ones));
        Assert.Equal(BlockStatus.OutOfRange, image.Write(offset, ones));
        Assert.Equal(BlockStatus.OutOfRange, image.Discard(offset, length));
        Assert.Equal(BlockStatus.OutOfRange, image.WriteZeroes(offset, length, false));
        Assert.Equal(4096, file.LengthBytes);
        Assert.Empty(file.Calls);
    }

    [Fact]
    public void ReadOnly_RefusesEveryChange()
    {
        MemoryFile file = new(4096);
        using IDiskImage image = Open(file, isReadOnly: true);
        Assert.False(image.CanDiscard);
        Assert.Equal(BlockStatus.ReadOnly, image.Write(0, new byte[512]));
        Assert.Equal(BlockStatus.ReadOnly, image.Discard(0, 512));
        Assert.Equal(BlockStatus.ReadOnly, image.WriteZeroes(0, 512, true));
        Assert.Equal(BlockStatus.Ok, image.Flush());
        Assert.Empty(file.Calls);
    }

    [Fact]
    public void Discard_PunchesAHole_UnlessTurnedOffOrImpossible()
    {
        MemoryFile file = new(4096), kept = new(4096), rigid = new(4096) { CanPunchHoles = false };
        using IDiskImage a = Open(file), b = Open(kept, discard: false), c = Open(rigid);
        Assert.All(new[] { a, b, c }, i => Assert.Equal(BlockStatus.Ok, i.Discard(512, 1024)));
        Assert.Equal(["punch 512+1024"], file.Calls);
        Assert.Empty(kept.Calls);
        Assert.Empty(rigid.Calls);
        Assert.False(c.CanDiscard);
    }

    [Fact]
    public void WriteZeroes_UnmapsOnlyWhenItMay()
    {
        MemoryFile file = new(4096), rigid = new(4096) { CanPunchHoles = false };
        using IDiskImage a = Open(file), c = Open(rigid);
        _ = a.WriteZeroes(0, 512, mayUnmap: false);
        _ = a.WriteZeroes(512, 512, mayUnmap: true);
        _ = c.WriteZeroes(0, 512, mayUnmap: true);
        Assert.Equal(["zero 0+512", "punch 512+512"], file.Calls);
        Assert.Equal(["zero 0+512"], rigid.Calls);
    }

    [Theory]
    [InlineData(BlockStatus.NoSpace)]
    [InlineData(BlockStatus.IoError)]
    public void HostFailure_IsPassedOn(BlockStatus outcome)
    {
        MemoryFile file = new(4096) { Outcome = outcome };
        using IDiskImage image = Open(file);
        Assert.Equal(outcome, image.Read(0, new byte[512]));
        Assert.Equal(outcome, image.Write(0, new byte[512]));
        Assert.Equal(outcome, image.Flush());
        Assert.Equal(outcome, image.Discard(0, 512));
        Assert.Equal(outcome, image.WriteZeroes(0, 512, false));
    }

    [Fact]
    public void Probe_NeverIsCertain()
    {
        RawPlugin raw = new();
        Assert.Equal(ProbeScore.Likely, raw.Probe([], "a.img"));
        Assert.Equal(ProbeScore.Maybe, raw.Probe(new byte[512], "a.qcow2"));
    }

    /// <summary>Random operations from several threads on stripes of their own agree with a model.</summary>
    [Fact]
    public void Operations_FromSeveralThreads_AgreeWithAModel()
    {
        MemoryFile file = new(4 * 16384);
        using IDiskImage image = Open(file);
        Parallel.For(0, 4, stripe =>
        {
            Random random = new(stripe);
            byte[] model = new byte[16384];
            long start = stripe * 16384L;
            for (int i = 0; i < 500; i++)
            {
                int offset = 512 * random.Next(30), length = 512 * random.Next(1, 3);
                byte[] data = new byte[length];
                random.NextBytes(data);
                switch (random.Next(4))
                {
                    case 0: Assert.Equal(BlockStatus.Ok, image.Write(start + offset, data)); data.CopyTo(model, offset); break;
                    case 1: Assert.Equal(BlockStatus.Ok, image.WriteZeroes(start + offset, length, random.Next(2) == 0)); model.AsSpan(offset, length).Clear(); break;
                    default:
                        Assert.Equal(BlockStatus.Ok, image.Read(start + offset, data));
                        Assert.Equal(model.AsSpan(offset, length).ToArray(), data);
                        break;
                }
            }
        });
    }
}
