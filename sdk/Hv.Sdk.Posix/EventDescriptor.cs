namespace Hv.Sdk.Posix;

/// <summary>Something that a thread can wait for beside a descriptor: an eventfd. Signalling is for any
/// thread.</summary>
public sealed class EventDescriptor : IDisposable
{
    private int descriptor;

    /// <summary>A new one, not signalled.</summary>
    /// <exception cref="PosixException">There are no descriptors left.</exception>
    public EventDescriptor()
    {
        descriptor = NativeMethods.eventfd(0, NativeMethods.EFD_CLOEXEC | NativeMethods.EFD_NONBLOCK);
        if (descriptor < 0)
        {
            throw PosixException.Last("eventfd");
        }
    }

    /// <summary>The descriptor.</summary>
    public int Value => descriptor;

    /// <summary>Signals it; it stays signalled.</summary>
    public void Signal()
    {
        ReadOnlySpan<byte> one = [1, 0, 0, 0, 0, 0, 0, 0];
        Descriptor.WriteAll(descriptor, one);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        int open = Interlocked.Exchange(ref descriptor, -1);
        if (open >= 0)
        {
            _ = NativeMethods.close(open);
        }
    }
}
