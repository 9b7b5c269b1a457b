using Hv.Sdk.Block;

namespace Hv.Disks.Raw;

/// <summary>A raw image. A file whose length is not a whole number of sectors has a last sector whose missing bytes
/// read as zero and which grows when it is written. Any thread; several at a time.</summary>
public sealed class RawImage : IDiskImage
{
    private readonly IHostFile file;
    private readonly bool isReadOnly;
    private readonly bool mayDiscard;

    /// <summary>An image in <paramref name="file"/>, which the opener disposes.</summary>
    /// <exception cref="DiskException">The file is empty.</exception>
    public RawImage(IHostFile file, bool isReadOnly, RawOptions options)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        this.file = file;
        this.isReadOnly = isReadOnly;
        mayDiscard = options.Discard && file.CanPunchHoles;
        SectorBytes = file.SectorBytes;
        LengthBytes = (file.LengthBytes + SectorBytes - 1) / SectorBytes * SectorBytes;
        if (LengthBytes == 0) throw new DiskException(
            $"'{file.Path}' is empty: make it as long as the disk shall be, for example with 'truncate -s 8G'");
    }

    /// <inheritdoc/>
    public long LengthBytes { get; }
    /// <inheritdoc/>
    public int SectorBytes { get; }
    /// <inheritdoc/>
    public bool IsConcurrent => true;
    /// <inheritdoc/>
    public bool CanDiscard => mayDiscard && !isReadOnly;

    /// <inheritdoc/>
    public BlockStatus Read(long offsetBytes, Span<byte> to) =>
        IsInside(offsetBytes, to.Length) ? file.Read(offsetBytes, to) : BlockStatus.OutOfRange;

    /// <inheritdoc/>
    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        BlockStatus status = Writable(offsetBytes, from.Length);
        return status == BlockStatus.Ok ? file.Write(offsetBytes, from) : status;
    }

    /// <inheritdoc/>
    public BlockStatus Flush() => isReadOnly ? BlockStatus.Ok : file.Flush();

    /// <summary>A hint: what the host cannot give back, it keeps.</summary>
    public BlockStatus Discard(long offsetBytes, long lengthBytes)
    {
        BlockStatus status = Writable(offsetBytes, lengthBytes);
        if (status != BlockStatus.Ok || !mayDiscard || lengthBytes == 0) return status;
        status = file.PunchHole(offsetBytes, lengthBytes);
        return status == BlockStatus.Unsupported ? BlockStatus.Ok : status;
    }

    /// <inheritdoc/>
    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap)
    {
        BlockStatus status = Writable(offsetBytes, lengthBytes);
        if (status != BlockStatus.Ok || lengthBytes == 0) return status;
        if (mayUnmap && mayDiscard)
        {
            status = file.PunchHole(offsetBytes, lengthBytes);
            if (status != BlockStatus.Unsupported) return status;
        }
        return file.WriteZeroes(offsetBytes, lengthBytes);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private BlockStatus Writable(long offsetBytes, long lengthBytes) =>
        isReadOnly ? BlockStatus.ReadOnly : IsInside(offsetBytes, lengthBytes)
            ? BlockStatus.Ok : BlockStatus.OutOfRange;

    private bool IsInside(long offsetBytes, long lengthBytes) =>
        offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes <= LengthBytes && lengthBytes <= LengthBytes - offsetBytes;
}
