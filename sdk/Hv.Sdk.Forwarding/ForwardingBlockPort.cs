using Hv.Sdk.Block;
using Hv.Sdk.Memory;

namespace Hv.Sdk.Forwarding;

/// <summary>A disk between a device and its port: requests one way, completions the other.</summary>
public class ForwardingBlockPort : IBlockPort, IBlockListener, IForwarder<IBlockPort>
{
    private IBlockPort inner;

    /// <summary>Stands before <paramref name="inner"/>.</summary>
    public ForwardingBlockPort(IBlockPort inner) => this.inner = inner;

    /// <inheritdoc/>
    public IBlockPort Inner
    {
        get => inner;
        set
        {
            inner = value;
            if (Listener is not null) value.Listen(this);
        }
    }

    /// <summary>The device; null until it listens.</summary>
    protected IBlockListener? Listener { get; private set; }

    /// <inheritdoc/>
    public virtual long LengthBytes => inner.LengthBytes;
    /// <inheritdoc/>
    public virtual int SectorBytes => inner.SectorBytes;
    /// <inheritdoc/>
    public virtual int PhysicalBlockBytes => inner.PhysicalBlockBytes;
    /// <inheritdoc/>
    public virtual bool IsReadOnly => inner.IsReadOnly;
    /// <inheritdoc/>
    public virtual bool CanDiscard => inner.CanDiscard;
    /// <inheritdoc/>
    public virtual string Serial => inner.Serial;
    /// <inheritdoc/>
    public virtual int MaxInFlight => inner.MaxInFlight;
    /// <inheritdoc/>
    public virtual int MaxSegments => inner.MaxSegments;
    /// <inheritdoc/>
    public virtual bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments) =>
        inner.TrySubmit(request, segments);
    /// <inheritdoc/>
    public virtual void Abandon(ulong tag) => inner.Abandon(tag);

    /// <inheritdoc/>
    public void Listen(IBlockListener listener)
    {
        Listener = listener;
        inner.Listen(this);
    }

    /// <inheritdoc/>
    public virtual void Completed(ulong tag, BlockStatus status) => Listener?.Completed(tag, status);
    /// <inheritdoc/>
    public virtual void Resized() => Listener?.Resized();
}
