using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Conformance.Xunit;

namespace Hv.Disks.Raw.Tests;

public sealed class RawConformance : DiskConformance<RawPlugin>;

/// <summary>What only this format does.</summary>
public sealed class RawTests
{
    private sealed class Opening(IHostFile file) : IDiskOpen
    {
        public IHostFile File => file;
        public bool IsReadOnly => false;
        public IDiskImage OpenBacking(string reference, string? format) => throw new NotSupportedException();
    }

    private static IDiskImage Open(MemoryFile file, bool discard = true) => new RawPlugin().Open(
        new Opening(file), new OptionValues(new Dictionary<string, string> { ["discard"] = discard ? "1" : "0" }));

    [Fact]
    public void Open_TakesLengthAndSectorFromTheFile()
    {
        using IDiskImage image = Open(new MemoryFile(8192) { SectorBytes = 4096 });
        Assert.Equal((8192, 4096, true, true),
            (image.LengthBytes, image.SectorBytes, image.IsConcurrent, image.CanDiscard));
    }

    [Fact]
    public void Open_EmptyFile_SaysWhatToDo() =>
        Assert.Contains("truncate", Assert.Throws<DiskException>(() => Open(new MemoryFile(0))).Message,
            StringComparison.Ordinal);

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

    [Fact]
    public void Probe_NeverIsCertain()
    {
        RawPlugin raw = new();
        Assert.Equal(ProbeScore.Likely, raw.Probe([], "a.img"));
        Assert.Equal(ProbeScore.Maybe, raw.Probe(new byte[512], "a.qcow2"));
    }
}
