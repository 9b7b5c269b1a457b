using Hv.Sdk.Net;

namespace Hv.Sdk.Forwarding;

/// <summary>A network between a card and its port: frames in both directions.</summary>
public class ForwardingNetPort : INetPort, INetListener, IForwarder<INetPort>
{
    private INetPort inner;

    /// <summary>Stands before <paramref name="inner"/>.</summary>
    public ForwardingNetPort(INetPort inner) => this.inner = inner;

    /// <inheritdoc/>
    public INetPort Inner
    {
        get => inner;
        set
        {
            inner = value;
            if (Listener is not null) value.Listen(this);
        }
    }

    /// <summary>The card; null until it listens.</summary>
    protected INetListener? Listener { get; private set; }

    /// <inheritdoc/>
    public virtual bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info) => inner.TrySend(frame, info);
    /// <inheritdoc/>
    public virtual void Flush() => inner.Flush();
    /// <inheritdoc/>
    public virtual void ReadyToReceive() => inner.ReadyToReceive();
    /// <inheritdoc/>
    public virtual bool IsLinkUp => inner.IsLinkUp;

    /// <inheritdoc/>
    public void Listen(INetListener listener)
    {
        Listener = listener;
        inner.Listen(this);
    }

    /// <inheritdoc/>
    public virtual bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info) => Listener?.Receive(frame, info) ?? true;
    /// <inheritdoc/>
    public virtual void ReceiveFlush() => Listener?.ReceiveFlush();
    /// <inheritdoc/>
    public virtual void ReadyToSend() => Listener?.ReadyToSend();
    /// <inheritdoc/>
    public virtual void LinkChanged(bool up) => Listener?.LinkChanged(up);
}
