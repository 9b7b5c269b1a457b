using System.Buffers.Binary;
using Hv.Sdk.Block;
using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.Conformance.Xunit;

namespace AcmeModel.Tests;

/// <summary>What every disk format must pass, a test for each check.</summary>
public sealed class TheModelConformance : DiskConformance<TheModelPlugin>
{
    protected override IReadOnlyList<DiskSample> Samples { get; } =
    [
        new("empty.img", Images.Empty) { LengthBytes = Images.LengthBytes, Contents = new byte[Images.LengthBytes] },
        new("third-block.img", Images.WithBlock(2, 0xa5))
            { LengthBytes = Images.LengthBytes, Contents = Images.ContentsWithBlock(2, 0xa5) },
    ];
}

/// <summary>Images made by hand, from the words of Layout.cs and not from its code.</summary>
internal static class Images
{
    public const int LengthBytes = 1 << 20;
    private const int BlockBytes = 64 * 1024;

    public static byte[] Empty
    {
        get
        {
            byte[] image = new byte[BlockBytes];
            "HV\0SPARS"u8.CopyTo(image);
            image[8] = 1;
            BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(16), LengthBytes);
            return image;
        }
    }

    public static byte[] WithBlock(int block, byte value)
    {
        byte[] image = [.. Empty, .. Enumerable.Repeat(value, BlockBytes)];
        image[4096 + (4 * block)] = 1;
        return image;
    }

    public static byte[] ContentsWithBlock(int block, byte value)
    {
        byte[] contents = new byte[LengthBytes];
        contents.AsSpan(block * BlockBytes, BlockBytes).Fill(value);
        return contents;
    }
}

/// <summary>What this format does.</summary>
public sealed class TheModelTests
{
    [Fact]
    public void Probe_KnowsItsOwnImages()
    {
        var format = new TheModelPlugin();

        Assert.Equal(ProbeScore.Certain, format.Probe(Images.Empty, "any.name"));
        Assert.Equal(ProbeScore.No, format.Probe(new byte[512], "disk.img"));
    }
}
