using System.Buffers.Binary;
using Hv.Sdk.Block;

namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>A small sparse format to put mistakes into. Sector 0: magic and number of clusters; from byte 4096 on a
/// table of one 32-bit number a cluster, which says in which 4 KiB block of the file it is, 0 for nowhere; then the
/// blocks. A block is never used twice, so that an entry that outlives its data in a power cut leads to
/// zeroes.</summary>
[DiskFormatAttribute("grid", Title = "A grid of clusters")]
public sealed class GridFormat(DiskFlaw flaw) : IDiskFormat
{
    internal const uint Magic = 0x44495247;
    internal const int BlockBytes = 4096;
    internal const int MostClusters = 1024;

    public OptionSchema Options => OptionSchema.Empty;

    public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName)
    {
        if (head.Length < 4 && flaw != DiskFlaw.ThrowsOnShortHeads) return ProbeScore.No;
        return BinaryPrimitives.ReadUInt32LittleEndian(head) == Magic ? ProbeScore.Certain : ProbeScore.No;
    }

    public IDiskImage Open(IDiskOpen open, OptionValues options)
    {
        ArgumentNullException.ThrowIfNull(open);
        Span<byte> header = stackalloc byte[8];
        if (open.File.Read(0, header) != BlockStatus.Ok) throw new DiskException($"'{open.File.Path}' cannot be read");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic) throw new DiskException(
            $"'{open.File.Path}' is no grid");
        uint clusters = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if ((clusters == 0 || clusters > MostClusters) && flaw != DiskFlaw.TrustsItsLength)
            throw new DiskException($"'{open.File.Path}': {clusters} clusters, it has 1 to {MostClusters}");
        byte[] table = new byte[4 * clusters];
        if (open.File.Read(BlockBytes, table) != BlockStatus.Ok) throw new DiskException(
            $"'{open.File.Path}' cannot be read");
        uint[] blocks = new uint[clusters];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(4 * i));
            if (blocks[i] > 1 << 20 && flaw != DiskFlaw.TrustsItsTable) throw new DiskException(
                $"'{open.File.Path}': cluster {i} is in block {blocks[i]}");
        }
        if (flaw == DiskFlaw.OpensByPath) File.WriteAllBytes(open.File.Path, header.ToArray());
        return new GridImage(open.File, open.IsReadOnly, blocks, flaw);
    }

    /// <summary>An empty image.</summary>
    public static byte[] Create(int clusters)
    {
        byte[] file = new byte[2 * BlockBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(file, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), (uint)clusters);
        return file;
    }
}
