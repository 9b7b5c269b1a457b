using Hv.Sdk.Io;

namespace Hv.Sdk.Forwarding;

/// <summary>Register access.</summary>
public class ForwardingIoHandler(IIoHandler inner) : IIoHandler, IForwarder<IIoHandler>
{
    /// <inheritdoc/>
    public IIoHandler Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual IoStatus Read(in IoAccess access, out ulong value) => Inner.Read(access, out value);
    /// <inheritdoc/>
    public virtual IoStatus Write(in IoAccess access, ulong value) => Inner.Write(access, value);
}
