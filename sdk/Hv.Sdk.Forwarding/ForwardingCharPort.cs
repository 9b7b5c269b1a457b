using Hv.Sdk.Chars;

namespace Hv.Sdk.Forwarding;

/// <summary>A serial line between a device and its port: bytes in both directions.</summary>
public class ForwardingCharPort : ICharPort, ICharListener, IForwarder<ICharPort>
{
    private ICharPort inner;

    /// <summary>Stands before <paramref name="inner"/>.</summary>
    public ForwardingCharPort(ICharPort inner) => this.inner = inner;

    /// <inheritdoc/>
    public ICharPort Inner
    {
        get => inner;
        set
        {
            inner = value;
            if (Listener is not null) value.Listen(this);
        }
    }

    /// <summary>The device; null until it listens.</summary>
    protected ICharListener? Listener { get; private set; }

    /// <inheritdoc/>
    public virtual bool TrySend(byte value) => inner.TrySend(value);
    /// <inheritdoc/>
    public virtual int TrySend(ReadOnlySpan<byte> values) => inner.TrySend(values);
    /// <inheritdoc/>
    public virtual void ReadyToReceive() => inner.ReadyToReceive();

    /// <inheritdoc/>
    public void Listen(ICharListener listener)
    {
        Listener = listener;
        inner.Listen(this);
    }

    /// <inheritdoc/>
    public virtual int Receive(ReadOnlySpan<byte> values) => Listener?.Receive(values) ?? values.Length;
    /// <inheritdoc/>
    public virtual void ReadyToSend() => Listener?.ReadyToSend();
    /// <inheritdoc/>
    public virtual void Resized(int columns, int rows) => Listener?.Resized(columns, rows);
}
