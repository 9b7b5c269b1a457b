using Hv.Sdk.Memory;

namespace Hv.Sdk.Forwarding;

/// <summary>Guest memory as a bus master sees it.</summary>
public class ForwardingDmaSpace(IDmaSpace inner) : IDmaSpace, IForwarder<IDmaSpace>
{
    /// <inheritdoc/>
    public IDmaSpace Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual bool TryRead(GuestPhysicalAddress address, Span<byte> to) => Inner.TryRead(address, to);
    /// <inheritdoc/>
    public virtual bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from) =>
        Inner.TryWrite(address, from);
    /// <inheritdoc/>
    public virtual bool TryWindow(
        GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window) =>
        Inner.TryWindow(address, lengthBytes, access, out window);
    /// <inheritdoc/>
    public virtual bool TryLease(
        GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease) =>
        Inner.TryLease(address, lengthBytes, access, out lease);
    /// <inheritdoc/>
    public virtual bool TryReadUInt16(GuestPhysicalAddress address, out ushort value) =>
        Inner.TryReadUInt16(address, out value);
    /// <inheritdoc/>
    public virtual bool TryWriteUInt16(GuestPhysicalAddress address, ushort value) =>
        Inner.TryWriteUInt16(address, value);
    /// <inheritdoc/>
    public virtual bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes) =>
        Inner.TryDiscard(address, lengthBytes);
    /// <inheritdoc/>
    public virtual void Fence() => Inner.Fence();
}
