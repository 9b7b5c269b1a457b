using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hv.Sdk.Block;

namespace AcmeModel;

/// <summary>An open image. One call at a time.</summary>
public sealed class TheModelImage : IDiskImage
{
    private readonly IHostFile file;
    private readonly Layout layout;
    private readonly bool isReadOnly;
    private readonly uint[] table;
    private readonly byte[] fresh = new byte[Layout.BlockBytes];
    private uint lastBlock;

    private TheModelImage(IHostFile file, Layout layout, bool isReadOnly, uint[] table)
    {
        this.file = file;
        this.layout = layout;
        this.isReadOnly = isReadOnly;
        this.table = table;
        lastBlock = table.Max();
    }

    /// <inheritdoc/>
    public long LengthBytes => layout.LengthBytes;
    /// <inheritdoc/>
    public int SectorBytes => Layout.SectorBytes;
    /// <inheritdoc/>
    public bool IsConcurrent => false;
    /// <inheritdoc/>
    public bool CanDiscard => false;

    /// <summary>Writes an empty image: the header last, so that half an image is none.</summary>
    /// <exception cref="DiskException">The host has no room.</exception>
    internal static void Create(IHostFile file, long lengthBytes)
    {
        var layout = Layout.ForLength(lengthBytes);
        byte[] header = new byte[Layout.HeaderBytes];
        layout.Write(header);
        bool isWritten = file.Resize(layout.DataOffset) == BlockStatus.Ok && file.Flush() == BlockStatus.Ok
            && file.Write(0, header) == BlockStatus.Ok && file.Flush() == BlockStatus.Ok;
        if (!isWritten) throw new DiskException($"'{file.Path}' could not be written");
    }

    /// <summary>Reads and checks the metadata.</summary>
    /// <exception cref="DiskException">It is damaged.</exception>
    internal static TheModelImage Open(IHostFile file, bool isReadOnly)
    {
        byte[] header = new byte[Layout.HeaderBytes];
        Require(file.Read(0, header) == BlockStatus.Ok, "cannot be read");
        var layout = Layout.Read(header);
        Require(layout.DataOffset <= file.LengthBytes, "is shorter than its table");
        uint[] table = new uint[layout.BlockCount];
        Require(file.Read(Layout.HeaderBytes, MemoryMarshal.AsBytes(table.AsSpan())) == BlockStatus.Ok, "cannot be read");
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(table, table);
        long written = (file.LengthBytes - layout.DataOffset) / Layout.BlockBytes;
        var seen = new HashSet<uint>();
        Require(table.All(n => n == 0 || (n <= written && seen.Add(n))), "has a damaged table");
        return new TheModelImage(file, layout, isReadOnly, table);

        void Require(bool isSo, string otherwise)
        {
            if (!isSo) throw new DiskException($"'{file.Path}' {otherwise}");
        }
    }

    /// <inheritdoc/>
    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        if (!IsInside(offsetBytes, to.Length)) return BlockStatus.OutOfRange;
        while (!to.IsEmpty)
        {
            (int block, int within) = Locate(offsetBytes);
            Span<byte> piece = to[..Math.Min(to.Length, Layout.BlockBytes - within)];
            if (table[block] == 0) piece.Clear();
            else if (file.Read(layout.BlockOffset(table[block]) + within, piece) is not BlockStatus.Ok and var status)
                return status;
            to = to[piece.Length..];
            offsetBytes += piece.Length;
        }

        return BlockStatus.Ok;
    }

    /// <inheritdoc/>
    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        BlockStatus status = Writable(offsetBytes, from.Length);
        while (status == BlockStatus.Ok && !from.IsEmpty)
        {
            (int block, int within) = Locate(offsetBytes);
            ReadOnlySpan<byte> piece = from[..Math.Min(from.Length, Layout.BlockBytes - within)];
            status = table[block] == 0
                ? Allocate(block, within, piece) : file.Write(layout.BlockOffset(table[block]) + within, piece);
            from = from[piece.Length..];
            offsetBytes += piece.Length;
        }

        return status;
    }

    /// <inheritdoc/>
    public BlockStatus Flush() => isReadOnly ? BlockStatus.Ok : file.Flush();

    /// <inheritdoc/>
    public BlockStatus Discard(long offsetBytes, long lengthBytes) => Writable(offsetBytes, lengthBytes);

    /// <inheritdoc/>
    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
    {
        BlockStatus status = Writable(offsetBytes, lengthBytes);
        while (status == BlockStatus.Ok && lengthBytes > 0)
        {
            (int block, int within) = Locate(offsetBytes);
            long piece = Math.Min(lengthBytes, Layout.BlockBytes - within);
            if (table[block] != 0) status = file.WriteZeroes(layout.BlockOffset(table[block]) + within, piece);
            offsetBytes += piece;
            lengthBytes -= piece;
        }

        return status;
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <summary>Gives a block room. Its bytes are durable before the table names them, and the table in memory
    /// changes last: whatever fails, and wherever the power goes, the block reads as zeroes or as it was
    /// written.</summary>
    private BlockStatus Allocate(int block, int within, ReadOnlySpan<byte> from)
    {
        fresh.AsSpan().Clear();
        from.CopyTo(fresh.AsSpan(within));
        uint number = lastBlock + 1;
        Span<byte> entry = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, number);
        BlockStatus status = file.Write(layout.BlockOffset(number), fresh);
        if (status == BlockStatus.Ok) status = file.Flush();
        if (status == BlockStatus.Ok)
        {
            // Even a write that failed may have reached the table: the number is never given to another block.
            lastBlock = number;
            status = file.Write(Layout.EntryOffset(block), entry);
        }

        if (status == BlockStatus.Ok) table[block] = number;
        return status;
    }

    private static (int Block, int Within) Locate(long offsetBytes) =>
        ((int)(offsetBytes / Layout.BlockBytes), (int)(offsetBytes % Layout.BlockBytes));

    private BlockStatus Writable(long offsetBytes, long lengthBytes) =>
        !IsInside(offsetBytes, lengthBytes) ? BlockStatus.OutOfRange
            : isReadOnly ? BlockStatus.ReadOnly : BlockStatus.Ok;

    private bool IsInside(long offsetBytes, long lengthBytes) =>
        offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes <= LengthBytes && lengthBytes <= LengthBytes - offsetBytes;
}
