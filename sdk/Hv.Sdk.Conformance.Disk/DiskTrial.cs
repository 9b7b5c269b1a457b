using Hv.Sdk.Block;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>An open image on a file of the suite, with the model of what it must hold; makes random requests as a guest
/// would.</summary>
internal sealed class DiskTrial : IDisposable
{
    private const int MostSectors = 24;
    private const int ReadAtOnce = 64;

    private DiskTrial(CrashFile file, IDiskImage image, DiskModel model) => (File, Image, Model) = (file, image, model);

    public CrashFile File { get; }
    public IDiskImage Image { get; }
    public DiskModel Model { get; }

    /// <summary>Opens a sample; what it holds is what the sample says, or what is read.</summary>
    public static DiskTrial Open(DiskSubject subject, DiskSample sample, CrashFile? file = null)
    {
        file ??= new CrashFile(sample.Bytes);
        IDiskImage image = subject.Open(file, isReadOnly: false);
        byte[] contents = sample.Contents ?? ReadAll(image);
        return new DiskTrial(file, image, new DiskModel(contents, image.SectorBytes));
    }

    /// <summary>Opens another file that must hold what the model says.</summary>
    public static DiskTrial Reopen(DiskSubject subject, byte[] bytes, DiskModel model)
    {
        CrashFile file = new(bytes);
        return new DiskTrial(file, subject.Open(file, isReadOnly: false), model);
    }

    private static byte[] ReadAll(IDiskImage image)
    {
        byte[] contents = new byte[image.LengthBytes];
        CheckRun.Require(image.Read(0, contents) == BlockStatus.Ok, "the sample cannot be read");
        return contents;
    }

    /// <summary>One random request; what it ended with.</summary>
    public BlockStatus Step(Random random)
    {
        int sector = Model.SectorBytes, first = random.Next(Model.Count);
        int count = random.Next(1, Math.Min(MostSectors, Model.Count - first) + 1);
        long offset = (long)first * sector;
        switch (random.Next(10))
        {
            case < 4: return Write(offset, Noise(random, count * sector));
            case < 6: return Read(offset, count * sector);
            case 6: return Zero(offset, count * sector, mayUnmap: random.Next(2) == 0);
            case 7: return Discard(offset, count * sector);
            case 8: return Flush();
            default: return Write(offset, Noise(random, sector));
        }
    }

    public BlockStatus Write(long offset, byte[] data)
    {
        BlockStatus status = Image.Write(offset, data);
        if (status == BlockStatus.Ok) Model.Written(offset, data);
        else Model.Uncertain(offset, data);
        return status;
    }

    public BlockStatus Read(long offset, int length)
    {
        byte[] data = Filled(length);
        BlockStatus status = Image.Read(offset, data);
        if (status == BlockStatus.Ok && Model.Difference(offset, data) is { } difference) CheckRun.Fail(
            $"read of {length} bytes at {offset}: {difference}");
        return status;
    }

    public BlockStatus Zero(long offset, int length, bool mayUnmap)
    {
        BlockStatus status = Image.WriteZeroes(offset, length, mayUnmap);
        if (status == BlockStatus.Ok) Model.Written(offset, new byte[length]);
        else if (status != BlockStatus.Unsupported) Model.Uncertain(offset, new byte[length]);
        return status;
    }

    public BlockStatus Discard(long offset, int length)
    {
        BlockStatus status = Image.Discard(offset, length);
        Model.Discarded(offset, length);
        return status;
    }

    public BlockStatus Flush()
    {
        BlockStatus status = Image.Flush();
        if (status == BlockStatus.Ok) Model.Flushed();
        return status;
    }

    /// <summary>Reads the whole disk.</summary>
    public void Verify(string when)
    {
        int piece = ReadAtOnce * Model.SectorBytes;
        for (long at = 0; at < Image.LengthBytes; at += piece)
        {
            byte[] data = Filled((int)Math.Min(piece, Image.LengthBytes - at));
            BlockStatus status = Image.Read(at, data);
            CheckRun.Require(status == BlockStatus.Ok, $"{when}: a read at {at} ends with {status}");
            if (Model.Difference(at, data) is { } difference) CheckRun.Fail($"{when}: {difference}");
        }
    }

    /// <summary>Nothing that is on a disk: a read that leaves its buffer alone is seen.</summary>
    private static byte[] Filled(int length)
    {
        byte[] data = new byte[length];
        data.AsSpan().Fill(0xa5);
        return data;
    }

    private static byte[] Noise(Random random, int length)
    {
        byte[] data = new byte[length];
        random.NextBytes(data);
        return data;
    }

    public void Dispose() => Image.Dispose();
}
