namespace Hv.Sdk.Conformance.Disk;

/// <summary>What each sector of a disk may read as: one value when it was written and all is well, several when a write
/// failed or a power cut may have eaten it, any after a discard.</summary>
internal sealed class DiskModel(byte[] contents, int sectorBytes)
{
    private readonly Sector[] sectors = [.. contents.Chunk(sectorBytes).Select(c => new Sector(c))];

    public int SectorBytes => sectorBytes;
    public int Count => sectors.Length;

    /// <summary>A write was acknowledged.</summary>
    public void Written(long offset, ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < data.Length; i += sectorBytes) sectors[(offset + i) / sectorBytes].Write(
            data.Slice(i, sectorBytes).ToArray());
    }

    /// <summary>A write failed: each of its sectors holds what it held, or what was to be written.</summary>
    public void Uncertain(long offset, ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < data.Length; i += sectorBytes) sectors[(offset + i) / sectorBytes].MayHold(
            data.Slice(i, sectorBytes).ToArray());
    }

    /// <summary>A discard was made, or tried: the range may hold anything.</summary>
    public void Discarded(long offset, long length)
    {
        for (long i = 0; i < length; i += sectorBytes) sectors[(offset + i) / sectorBytes].Write(null);
    }

    /// <summary>A flush was acknowledged.</summary>
    public void Flushed()
    {
        foreach (Sector s in sectors) s.Flush();
    }

    /// <summary>The power went: from now on a sector may hold anything that was written since it was flushed.</summary>
    public void PowerCut()
    {
        foreach (Sector s in sectors) s.Cut();
    }

    /// <summary>Compares what was read with what may be there; null, or the first sector that is wrong.</summary>
    public string? Difference(long offset, ReadOnlySpan<byte> read)
    {
        for (int i = 0; i < read.Length; i += sectorBytes)
        {
            long at = (offset + i) / sectorBytes;
            if (sectors[at].MayBe(read.Slice(i, sectorBytes))) continue;
            int byteAt = sectors[at].FirstWrongByte(read.Slice(i, sectorBytes));
            return $"sector {at} holds what was never there or is no longer: byte {byteAt} is {read[i + byteAt]:x2}h";
        }
        return null;
    }

    private sealed class Sector(byte[] first)
    {
        /// <summary>What it may hold since the last flush, oldest first; null is anything.</summary>
        private readonly List<byte[]?> sinceFlush = [first];
        private int certainFrom;

        public void Write(byte[]? data)
        {
            sinceFlush.Add(data);
            certainFrom = sinceFlush.Count - 1;
        }

        public void MayHold(byte[] data) => sinceFlush.Add(data);

        public void Flush()
        {
            sinceFlush.RemoveRange(0, certainFrom);
            certainFrom = 0;
        }

        public void Cut() => certainFrom = 0;

        public bool MayBe(ReadOnlySpan<byte> read)
        {
            for (int i = certainFrom; i < sinceFlush.Count; i++)
            {
                if (sinceFlush[i] is not { } data || read.SequenceEqual(data)) return true;
            }
            return false;
        }

        public int FirstWrongByte(ReadOnlySpan<byte> read) =>
            Math.Min(read.CommonPrefixLength(sinceFlush[^1]), read.Length - 1);
    }
}
