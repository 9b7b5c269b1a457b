namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>The other end of a stream: a file, a socket, a program. Members are called on the suite's
/// threads.</summary>
public abstract class CharPeer : IDisposable
{
    /// <summary>Options, as typed, that lead the backend here.</summary>
    public abstract IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>The backend has opened its end.</summary>
    /// <param name="log">What it has logged so far.</param>
    public virtual void Opened(IReadOnlyList<string> log) { }

    /// <summary>All bytes that have arrived here so far.</summary>
    public abstract byte[] Received { get; }

    /// <summary>Whether <see cref="Send"/> works.</summary>
    public virtual bool CanSend => false;

    /// <summary>Sends bytes to the backend; may wait until it takes them.</summary>
    public virtual void Send(byte[] bytes) => throw new NotSupportedException();

    /// <summary>Whether <see cref="IsStalled"/> makes a difference.</summary>
    public virtual bool CanStall => false;

    /// <summary>While set, nothing is taken from the backend.</summary>
    public virtual bool IsStalled { get; set; }

    /// <summary>Goes away for good.</summary>
    public abstract void Leave();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what it holds.</summary>
    protected virtual void Dispose(bool disposing) => Leave();

    /// <summary>Whether the backend takes it as its other side at a time of its own: until then, what is written is
    /// dropped, as without a cable.</summary>
    internal virtual bool IsTakenLater => false;
}
