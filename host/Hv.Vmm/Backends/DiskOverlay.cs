using Hv.Sdk.Block;

namespace Hv.Vmm.Backends;

/// <summary>Keeps a guest's writes in memory and leaves the image below as it is: <c>discard-writes</c>.</summary>
internal sealed class DiskOverlay(IDiskImage below) : IDiskImage
{
    private const int ClusterBytes = 64 << 10;

    private readonly Dictionary<long, byte[]> clusters = [];

    public long LengthBytes => below.LengthBytes;
    public int SectorBytes => below.SectorBytes;
    public bool IsConcurrent => false;
    public bool CanDiscard => false;

    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        while (to.Length > 0)
        {
            int within = (int)(offsetBytes % ClusterBytes);
            int length = Math.Min(ClusterBytes - within, to.Length);
            if (clusters.TryGetValue(offsetBytes / ClusterBytes, out byte[]? cluster))
            {
                cluster.AsSpan(within, length).CopyTo(to);
            }
            else
            {
                BlockStatus status = below.Read(offsetBytes, to[..length]);
                if (status != BlockStatus.Ok) return status;
            }
            to = to[length..];
            offsetBytes += length;
        }
        return BlockStatus.Ok;
    }

    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            int within = (int)(offsetBytes % ClusterBytes);
            int length = Math.Min(ClusterBytes - within, from.Length);
            BlockStatus status = Own(offsetBytes / ClusterBytes, out byte[] cluster);
            if (status != BlockStatus.Ok) return status;
            from[..length].CopyTo(cluster.AsSpan(within));
            from = from[length..];
            offsetBytes += length;
        }
        return BlockStatus.Ok;
    }

    private BlockStatus Own(long number, out byte[] cluster)
    {
        if (clusters.TryGetValue(number, out cluster!)) return BlockStatus.Ok;
        cluster = new byte[ClusterBytes];
        long start = number * ClusterBytes;
        int length = (int)Math.Min(ClusterBytes, LengthBytes - start);
        BlockStatus status = below.Read(start, cluster.AsSpan(0, length));
        if (status == BlockStatus.Ok) clusters[number] = cluster;
        return status;
    }

    public BlockStatus Flush() => BlockStatus.Ok;

    public BlockStatus Discard(long offsetBytes, long lengthBytes) => BlockStatus.Ok;

    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
    {
        byte[] zeroes = new byte[ClusterBytes];
        while (lengthBytes > 0)
        {
            int length = (int)Math.Min(ClusterBytes, lengthBytes);
            BlockStatus status = Write(offsetBytes, zeroes.AsSpan(0, length));
            if (status != BlockStatus.Ok) return status;
            offsetBytes += length;
            lengthBytes -= length;
        }
        return BlockStatus.Ok;
    }

    public void Dispose() => below.Dispose();
}
