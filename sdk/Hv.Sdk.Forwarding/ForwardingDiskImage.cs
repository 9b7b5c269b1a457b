using Hv.Sdk.Block;

namespace Hv.Sdk.Forwarding;

/// <summary>An open disk image.</summary>
public class ForwardingDiskImage(IDiskImage inner) : IDiskImage, IForwarder<IDiskImage>
{
    /// <inheritdoc/>
    public IDiskImage Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual long LengthBytes => Inner.LengthBytes;
    /// <inheritdoc/>
    public virtual int SectorBytes => Inner.SectorBytes;
    /// <inheritdoc/>
    public virtual bool IsConcurrent => Inner.IsConcurrent;
    /// <inheritdoc/>
    public virtual bool CanDiscard => Inner.CanDiscard;
    /// <inheritdoc/>
    public virtual BlockStatus Read(long offsetBytes, Span<byte> to) => Inner.Read(offsetBytes, to);
    /// <inheritdoc/>
    public virtual BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from) => Inner.Write(offsetBytes, from);
    /// <inheritdoc/>
    public virtual BlockStatus Flush() => Inner.Flush();
    /// <inheritdoc/>
    public virtual BlockStatus Discard(long offsetBytes, long lengthBytes) => Inner.Discard(offsetBytes, lengthBytes);
    /// <inheritdoc/>
    public virtual BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap) =>
        Inner.WriteZeroes(offsetBytes, lengthBytes, mayUnmap);

    /// <summary>Closes the image below.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the image below.</summary>
    protected virtual void Dispose(bool disposing) => Inner.Dispose();
}
