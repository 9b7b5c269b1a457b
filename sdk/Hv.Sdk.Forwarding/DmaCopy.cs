using Hv.Sdk.Memory;

namespace Hv.Sdk.Forwarding;

/// <summary>Guest bytes that a device reaches through a copy, so that a decorator can change them on their way: what
/// the device reads when the window or lease is opened, what it wrote when it is closed. One window or lease.</summary>
public abstract class DmaCopy : IDmaOwner, IDmaLease
{
    private readonly IDmaSpace inner;
    private readonly GuestPhysicalAddress address;
    private readonly DmaAccess access;
    private readonly byte[] bytes;
    private bool isDisposed;

    /// <summary>Copies of <paramref name="lengthBytes"/> at <paramref name="address"/>.</summary>
    protected DmaCopy(IDmaSpace inner, GuestPhysicalAddress address, int lengthBytes, DmaAccess access) =>
        (this.inner, this.address, this.access, bytes) = (inner, address, access, new byte[lengthBytes]);

    /// <inheritdoc/>
    public Memory<byte> Bytes => isDisposed ? throw new ObjectDisposedException(nameof(IDmaLease)) : bytes;

    /// <summary>Opens a window; false when the bytes are not RAM.</summary>
    public bool TryOpen(out DmaWindow window)
    {
        bool isRead = TryFill();
        window = isRead ? new DmaWindow(bytes, (access & DmaAccess.Write) != 0 ? this : null, address) : default;
        return isRead;
    }

    /// <summary>Fills the copy, for a lease; false when the bytes are not RAM.</summary>
    public bool TryFill()
    {
        if (!inner.TryRead(address, bytes)) return false;
        if ((access & DmaAccess.Read) != 0) Read(bytes);
        return true;
    }

    /// <summary>The device is about to read these bytes.</summary>
    protected abstract void Read(Span<byte> guest);

    /// <summary>The device wrote these bytes; gives those that reach guest memory, from the first on.</summary>
    protected abstract ReadOnlySpan<byte> Wrote(Span<byte> guest);

    void IDmaOwner.Written(GuestPhysicalAddress start, int lengthBytes) => inner.TryWrite(address, Wrote(bytes));

    /// <summary>Closes the lease.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        if ((access & DmaAccess.Write) != 0) inner.TryWrite(address, Wrote(bytes));
        GC.SuppressFinalize(this);
    }
}
