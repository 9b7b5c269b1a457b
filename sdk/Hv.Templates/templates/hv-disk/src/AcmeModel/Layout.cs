using System.Buffers.Binary;
using Hv.Sdk.Block;

namespace AcmeModel;

/// <summary>An image: a header of 4096 bytes, a table of 32-bit numbers (0: the block was never written; n: it is the
/// n-th), blocks of 64 KiB. All numbers are little-endian.</summary>
internal readonly struct Layout
{
    public const int HeaderBytes = 4096;
    public const int BlockBytes = 64 * 1024;
    public const int SectorBytes = 512;
    public const long MaximumLengthBytes = 1L << 40;

    private const int VersionOffset = 8;
    private const int LengthOffset = 16;
    private const uint Version = 1;

    private Layout(long lengthBytes) => LengthBytes = lengthBytes;

    /// <summary>First bytes of every image.</summary>
    public static ReadOnlySpan<byte> Magic => "HV\0SPARS"u8;

    /// <summary>Length of the disk.</summary>
    public long LengthBytes { get; }
    /// <summary>Entries of the table.</summary>
    public int BlockCount => (int)((LengthBytes + BlockBytes - 1) / BlockBytes);
    /// <summary>Where the blocks begin.</summary>
    public long DataOffset => (HeaderBytes + (4L * BlockCount) + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Where an entry of the table is.</summary>
    public static long EntryOffset(int block) => HeaderBytes + (4L * block);

    /// <summary>Where the n-th written block is, from 1.</summary>
    public long BlockOffset(uint number) => DataOffset + ((number - 1L) * BlockBytes);

    /// <summary>A layout for a disk of this length.</summary>
    /// <exception cref="DiskException">It is not a length.</exception>
    public static Layout ForLength(long lengthBytes) =>
        lengthBytes is > 0 and <= MaximumLengthBytes && lengthBytes % SectorBytes == 0
        ? new Layout(lengthBytes)
        : throw new DiskException($"a disk of {lengthBytes} bytes cannot be: it has whole sectors of {SectorBytes} bytes, up to {MaximumLengthBytes} bytes");

    /// <summary>The layout of an image.</summary>
    /// <exception cref="DiskException">The header is not one.</exception>
    public static Layout Read(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Magic)) throw new DiskException("this is not an image of format the-model");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[VersionOffset..]);
        if (version != Version) throw new DiskException($"the image has version {version}; this plugin reads version {Version}");
        return ForLength(BinaryPrimitives.ReadInt64LittleEndian(header[LengthOffset..]));
    }

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> header)
    {
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[VersionOffset..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[LengthOffset..], LengthBytes);
    }
}
