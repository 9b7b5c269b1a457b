using System.Buffers.Binary;
using Hv.Sdk.Block;

namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>An open grid.</summary>
internal sealed class GridImage : IDiskImage
{
    private const int BlockBytes = GridFormat.BlockBytes;
    private const int SmallSector = 512;
    private readonly IHostFile file;
    private readonly bool isReadOnly;
    private readonly uint[] blocks;
    private readonly DiskFlaw flaw;
    private readonly byte[] shared = new byte[BlockBytes];
    private readonly bool[] isUsed = [];
    private uint next;

    public GridImage(IHostFile file, bool isReadOnly, uint[] blocks, DiskFlaw flaw)
    {
        (this.file, this.isReadOnly, this.blocks, this.flaw) = (file, isReadOnly, blocks, flaw);
        if (flaw == DiskFlaw.TrustsItsTable) isUsed = new bool[blocks.Max() + 1];
        next = flaw == DiskFlaw.AllocatesFromTheEnd
            ? FirstAfterTheEnd() : Math.Max(FirstAfterTheEnd(), blocks.Max() + 1);
    }

    public long LengthBytes => ((long)blocks.Length * BlockBytes) + (flaw == DiskFlaw.HalfASector ? 256 : 0);
    public int SectorBytes => file.SectorBytes;
    public bool IsConcurrent => flaw == DiskFlaw.SharesABuffer;
    public bool CanDiscard => !isReadOnly;

    private uint FirstAfterTheEnd() => (uint)Math.Max(2, (file.LengthBytes + BlockBytes - 1) / BlockBytes);

    private bool IsInside(long offset, long length) => flaw == DiskFlaw.WrapsRanges
        ? offset + length <= LengthBytes : offset >= 0 && length >= 0 && offset <= LengthBytes
            && length <= LengthBytes - offset;

    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        if (!IsInside(offsetBytes, to.Length)) return BlockStatus.OutOfRange;
        while (to.Length > 0)
        {
            int cluster = (int)(offsetBytes / BlockBytes), at = (int)(offsetBytes % BlockBytes),
                length = Math.Min(to.Length, BlockBytes - at);
            if (flaw == DiskFlaw.AllocatesOnReads && blocks[cluster] == 0) _ = Allocate(cluster);
            if (blocks[cluster] == 0) to[..length].Clear();
            else if (file.Read(((long)blocks[cluster] * BlockBytes) + at, to[..length]) is not BlockStatus.Ok
                and BlockStatus failure)
            {
                if (flaw == DiskFlaw.ThrowsOnErrors) throw new IOException("the file failed");
                if (flaw != DiskFlaw.ReadsThroughErrors) return failure;
            }
            if (flaw == DiskFlaw.ForgetsTheSecondCluster && length < to.Length)
            {
                to[length..].Clear();
                return BlockStatus.Ok;
            }
            offsetBytes += length;
            to = to[length..];
        }
        return BlockStatus.Ok;
    }

    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        if (isReadOnly && flaw != DiskFlaw.WritesThoughReadOnly) return BlockStatus.ReadOnly;
        if (!IsInside(offsetBytes, from.Length)) return BlockStatus.OutOfRange;
        while (from.Length > 0)
        {
            int cluster = (int)(offsetBytes / BlockBytes), at = (int)(offsetBytes % BlockBytes),
                length = Math.Min(from.Length, BlockBytes - at);
            BlockStatus status = WriteCluster(cluster, at, from[..length]);
            if (status != BlockStatus.Ok && flaw == DiskFlaw.ThrowsOnErrors) throw new IOException("the file failed");
            if (status != BlockStatus.Ok) return flaw == DiskFlaw.HidesWriteErrors ? BlockStatus.Ok : status;
            offsetBytes += length;
            from = from[length..];
        }
        return BlockStatus.Ok;
    }

    private BlockStatus WriteCluster(int cluster, int at, ReadOnlySpan<byte> from)
    {
        if (flaw == DiskFlaw.SharesABuffer)
        {
            from.CopyTo(shared);
            Thread.Yield();
            from = shared.AsSpan(0, from.Length);
        }
        if (flaw == DiskFlaw.ThinksInSmallSectors && SectorBytes > SmallSector) from =
            from[..(from.Length - SectorBytes + SmallSector)];
        if (blocks[cluster] == 0)
        {
            BlockStatus status = Allocate(cluster);
            if (status != BlockStatus.Ok) return status;
        }
        if (isUsed.Length > blocks[cluster]) isUsed[blocks[cluster]] = true;
        return file.Write(((long)blocks[cluster] * BlockBytes) + at, from);
    }

    private BlockStatus Allocate(int cluster)
    {
        uint block = flaw == DiskFlaw.AllocatesFromTheEnd ? FirstAfterTheEnd() : next;
        if (flaw is DiskFlaw.TableAheadOfTheDisk or DiskFlaw.KeepsTheTableToItself) blocks[cluster] = block;
        BlockStatus status = flaw == DiskFlaw.KeepsTheTableToItself ? BlockStatus.Ok : SaveEntry(cluster, block);
        if (status != BlockStatus.Ok) return status;
        (blocks[cluster], next) = (block, block + 1);
        return BlockStatus.Ok;
    }

    private BlockStatus SaveEntry(int cluster, uint block)
    {
        byte[] entry = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, block);
        return file.Write(BlockBytes + (4L * cluster), entry);
    }

    public BlockStatus Flush()
    {
        if (isReadOnly || flaw == DiskFlaw.FlushesNothing) return BlockStatus.Ok;
        BlockStatus status = file.Flush();
        return flaw == DiskFlaw.ThrowsOnErrors && status != BlockStatus.Ok ? throw new IOException("the file failed")
            : flaw == DiskFlaw.HidesWriteErrors ? BlockStatus.Ok : status;
    }

    public BlockStatus Discard(long offsetBytes, long lengthBytes)
    {
        BlockStatus status = Writable(offsetBytes, lengthBytes);
        if (status != BlockStatus.Ok || lengthBytes == 0) return status;
        if (flaw == DiskFlaw.DiscardsWholeClusters)
        {
            (long first, long end) =
                (offsetBytes / BlockBytes * BlockBytes,
                    (offsetBytes + lengthBytes + BlockBytes - 1) / BlockBytes * BlockBytes);
            return Zero(first, end - first, mayUnmap: true);
        }
        return Zero(offsetBytes, lengthBytes, mayUnmap: true);
    }

    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
    {
        BlockStatus status = Writable(offsetBytes, lengthBytes);
        if (status != BlockStatus.Ok || lengthBytes == 0) return status;
        return Zero(offsetBytes, flaw == DiskFlaw.ZeroesOneSectorTooFew ? lengthBytes - SectorBytes : lengthBytes,
            mayUnmap);
    }

    private BlockStatus Writable(long offset, long length) =>
        isReadOnly ? BlockStatus.ReadOnly : IsInside(offset, length) ? BlockStatus.Ok : BlockStatus.OutOfRange;

    private BlockStatus Zero(long offset, long length, bool mayUnmap)
    {
        while (length > 0)
        {
            int cluster = (int)(offset / BlockBytes), at = (int)(offset % BlockBytes),
                count = (int)Math.Min(length, BlockBytes - at);
            if (blocks[cluster] != 0)
            {
                long where = ((long)blocks[cluster] * BlockBytes) + at;
                BlockStatus status = mayUnmap && (file.CanPunchHoles || flaw == DiskFlaw.PunchesHolesAnyway)
                    ? file.PunchHole(where, count) : file.WriteZeroes(where, count);
                if (status != BlockStatus.Ok) return flaw == DiskFlaw.PunchesHolesAnyway ? BlockStatus.IoError : status;
            }
            (offset, length) = (offset + count, length - count);
        }
        return BlockStatus.Ok;
    }

    public void Dispose()
    {
        if (flaw == DiskFlaw.FlushesWhenDisposedTwice) _ = file.Flush();
        if (flaw == DiskFlaw.ClosesTheFile) file.Dispose();
    }
}
