using System.Runtime.InteropServices;

namespace Hv.Sdk.Posix;

/// <summary>Reads and writes on raw descriptors, unbuffered; interrupted calls go on. Any thread.</summary>
public static unsafe class Descriptor
{
    private const short Readable = 1;
    private const short Writable = 4;

    /// <summary>Standard input.</summary>
    public const int Input = 0;
    /// <summary>Standard output.</summary>
    public const int Output = 1;

    /// <summary>Reads what is there, at most the span; waits for the first byte. 0 is the end.</summary>
    /// <exception cref="PosixException">The read failed.</exception>
    public static int Read(int descriptor, Span<byte> to)
    {
        while (true)
        {
            nint count;

            // SAFETY: the span is pinned for the call and its own length is passed.
            fixed (byte* p = to)
            {
                count = NativeMethods.read(descriptor, p, to.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case NativeMethods.EINTR:
                    break;
                case NativeMethods.EAGAIN:
                    Wait(descriptor, Readable, other: -1);
                    break;
                default:
                    throw PosixException.Last("read");
            }
        }
    }

    /// <summary>Writes all of it, waiting while the other side is full.</summary>
    /// <exception cref="PosixException">The write failed; how much was written is not known.</exception>
    public static void WriteAll(int descriptor, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            nint count;

            // SAFETY: the span is pinned for the call and its own length is passed.
            fixed (byte* p = from)
            {
                count = NativeMethods.write(descriptor, p, from.Length);
            }

            if (count >= 0)
            {
                from = from[(int)count..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case NativeMethods.EINTR:
                    break;
                case NativeMethods.EAGAIN:
                    Wait(descriptor, Writable, other: -1);
                    break;
                default:
                    throw PosixException.Last("write");
            }
        }
    }

    /// <summary>Waits until there is something to read (or the end), or until <paramref name="stop"/> is signalled;
    /// true for the former.</summary>
    /// <exception cref="PosixException">The wait failed.</exception>
    public static bool WaitReadable(int descriptor, EventDescriptor stop)
    {
        ArgumentNullException.ThrowIfNull(stop);
        return Wait(descriptor, Readable, stop.Value);
    }

    private static bool Wait(int descriptor, short events, int other)
    {
        NativeMethods.PollDescriptor* polled = stackalloc NativeMethods.PollDescriptor[2];
        while (true)
        {
            polled[0] = new NativeMethods.PollDescriptor { Descriptor = descriptor, Events = events };
            polled[1] = new NativeMethods.PollDescriptor { Descriptor = other, Events = Readable };

            // SAFETY: two elements on this frame; poll ignores negative descriptors.
            int ready = NativeMethods.poll(polled, 2, timeoutMs: -1);
            if (ready > 0)
            {
                return polled[1].Returned == 0;
            }

            if (ready < 0 && Marshal.GetLastPInvokeError() != NativeMethods.EINTR)
            {
                throw PosixException.Last("poll");
            }
        }
    }
}
