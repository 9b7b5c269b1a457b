using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Memory;

namespace Hv.Sdk.Block;

/// <summary>What became of a block request.</summary>
public enum BlockStatus : byte
{
    /// <summary>Done.</summary>
    Ok,
    /// <summary>The medium failed.</summary>
    IoError,
    /// <summary>The host has no room.</summary>
    NoSpace,
    /// <summary>The medium is read-only.</summary>
    ReadOnly,
    /// <summary>Beyond the end.</summary>
    OutOfRange,
    /// <summary>The image's metadata is damaged.</summary>
    Corrupt,
    /// <summary>The request is not one that the medium knows.</summary>
    Unsupported,
}

/// <summary>Kinds of block request.</summary>
public enum BlockOperation : byte
{
    /// <summary>Medium to guest.</summary>
    Read,
    /// <summary>Guest to medium.</summary>
    Write,
    /// <summary>Everything completed before is durable when this completes.</summary>
    Flush,
    /// <summary>The contents of the range are no longer needed.</summary>
    Discard,
    /// <summary>The range reads as zeroes afterwards; the space is kept.</summary>
    WriteZeroes,
    /// <summary>As WriteZeroes, and the space may be given back.</summary>
    WriteZeroesUnmap,
}

/// <summary>One request of a device.</summary>
public readonly struct BlockRequest
{
    /// <summary>What to do.</summary>
    public BlockOperation Operation { get; init; }
    /// <summary>First byte, a multiple of <see cref="IBlockPort.SectorBytes"/>.</summary>
    public long OffsetBytes { get; init; }
    /// <summary>Length in bytes; for reads and writes the sum of the segments.</summary>
    public long LengthBytes { get; init; }
    /// <summary>The device's own number for the request; comes back in the completion. Unique among those in
    /// flight.</summary>
    public ulong Tag { get; init; }
}

/// <summary>A disk as a device sees it. On the strand. Requests in flight are saved with the machine and issued again
/// after a restore; completions may come in any order.</summary>
[Experimental("HVX002")]
public interface IBlockPort
{
    /// <summary>Size in bytes, a multiple of the sector.</summary>
    long LengthBytes { get; }
    /// <summary>Logical sector size in bytes: 512 or 4096.</summary>
    int SectorBytes { get; }
    /// <summary>Size in bytes of what the host writes best, a multiple of the sector.</summary>
    int PhysicalBlockBytes { get; }
    /// <summary>Writes are refused.</summary>
    bool IsReadOnly { get; }
    /// <summary>Discard has an effect.</summary>
    bool CanDiscard { get; }
    /// <summary>A text that identifies the medium, at most 20 ASCII characters.</summary>
    string Serial { get; }
    /// <summary>Most requests in flight.</summary>
    int MaxInFlight { get; }
    /// <summary>Most segments of one request.</summary>
    int MaxSegments { get; }

    /// <summary>Begins a request on guest memory without copying it. False when <see cref="MaxInFlight"/> is reached
    /// (try again after a completion). Segments that are not RAM complete with <see cref="BlockStatus.IoError"/>. Never
    /// completes inside the call. Hot path: allocates nothing.</summary>
    bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments);

    /// <summary>Gives up a request: from the return on guest memory is neither read nor written for it, its tag is
    /// free, and no completion follows. Never waits for the host's I/O. Whether a write reached the medium is open, but
    /// it does not land after one that is submitted later. A tag that is not in flight is ignored. Cold path: may
    /// allocate.</summary>
    void Abandon(ulong tag);

    /// <summary>Sets who is told. Called in Attach.</summary>
    void Listen(IBlockListener listener);
}

/// <summary>The device's side of a disk; on the strand.</summary>
[Experimental("HVX002")]
public interface IBlockListener
{
    /// <summary>A request is done; for reads the bytes are in guest memory.</summary>
    void Completed(ulong tag, BlockStatus status);
    /// <summary>The medium changed its size.</summary>
    void Resized();
}

/// <summary>How sure a format is that a file is its own.</summary>
public enum ProbeScore : byte
{
    /// <summary>Not this format.</summary>
    No = 0,
    /// <summary>Anything could be it (raw).</summary>
    Maybe = 10,
    /// <summary>The name or a weak mark says so.</summary>
    Likely = 50,
    /// <summary>The magic number says so.</summary>
    Certain = 100,
}

/// <summary>A disk format. Found by its <see cref="DiskFormatAttribute"/>. Never opens files: the host gives
/// them.</summary>
[Experimental("HVX002")]
public interface IDiskFormat
{
    /// <summary>What the definition may set.</summary>
    OptionSchema Options { get; }
    /// <summary>Looks at the first 64 KiB (or the whole file when shorter).</summary>
    ProbeScore Probe(ReadOnlySpan<byte> head, string fileName);
    /// <summary>Opens an image. Build thread.</summary>
    /// <exception cref="DiskException">The image is damaged or of a variant that is not supported; the message says
    /// which.</exception>
    IDiskImage Open(IDiskOpen open, OptionValues options);
}

/// <summary>What a format gets to open an image.</summary>
[Experimental("HVX002")]
[HostImplemented]
public interface IDiskOpen
{
    /// <summary>The file; already locked by the host.</summary>
    IHostFile File { get; }
    /// <summary>Writes will be refused.</summary>
    bool IsReadOnly { get; }
    /// <summary>Opens the image that this one names as its backing file, relative to this one.</summary>
    IDiskImage OpenBacking(string reference, string? format);
}

/// <summary>An open image. Called on the core's I/O threads; several at a time when <see cref="IsConcurrent"/>, else
/// one at a time. Ranges lie inside the image and are multiples of the sector.</summary>
[Experimental("HVX002")]
public interface IDiskImage : IDisposable
{
    /// <summary>Size in bytes.</summary>
    long LengthBytes { get; }
    /// <summary>Logical sector size in bytes.</summary>
    int SectorBytes { get; }
    /// <summary>Members may be called at the same time on several threads.</summary>
    bool IsConcurrent { get; }
    /// <summary>Discard has an effect.</summary>
    bool CanDiscard { get; }
    /// <summary>Reads into <paramref name="to"/>.</summary>
    BlockStatus Read(long offsetBytes, Span<byte> to);
    /// <summary>Writes <paramref name="from"/>.</summary>
    BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from);
    /// <summary>Makes everything written durable.</summary>
    BlockStatus Flush();
    /// <summary>The range is no longer needed.</summary>
    BlockStatus Discard(long offsetBytes, long lengthBytes);
    /// <summary>The range reads as zeroes afterwards; <paramref name="mayUnmap"/>: the space may be given
    /// back.</summary>
    BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap);
}

/// <summary>A file or block device of the host. Any thread.</summary>
[Experimental("HVX002")]
public interface IHostFile : IDisposable
{
    /// <summary>The path as given, for messages.</summary>
    string Path { get; }
    /// <summary>Length in bytes.</summary>
    long LengthBytes { get; }
    /// <summary>Sector size that the host wants, 512 or 4096; 512 for files.</summary>
    int SectorBytes { get; }
    /// <summary>Whether holes can be punched.</summary>
    bool CanPunchHoles { get; }
    /// <summary>Reads exactly; bytes beyond the end read as zero.</summary>
    BlockStatus Read(long offsetBytes, Span<byte> to);
    /// <summary>Writes exactly.</summary>
    BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from);
    /// <summary>fdatasync.</summary>
    BlockStatus Flush();
    /// <summary>Sets the length.</summary>
    BlockStatus Resize(long lengthBytes);
    /// <summary>Gives the range's space back; it reads as zeroes.</summary>
    BlockStatus PunchHole(long offsetBytes, long lengthBytes);
    /// <summary>Makes the range read as zeroes, keeping its space where the host can.</summary>
    BlockStatus WriteZeroes(long offsetBytes, long lengthBytes);
}

/// <summary>An image that cannot be opened.</summary>
public sealed class DiskException(string message) : Exception(message);
