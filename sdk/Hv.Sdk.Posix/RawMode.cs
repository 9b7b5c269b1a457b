using System.Globalization;
using System.Text;

namespace Hv.Sdk.Posix;

/// <summary>A terminal in raw mode: each key arrives at once and as it is, Ctrl-C included. Output processing stays on,
/// so that messages of the host that end in a bare line feed still read well. Members may be called on any thread, also
/// while the process ends; each is idempotent.</summary>
public sealed unsafe class RawMode : IDisposable
{
    private readonly Lock gate = new();
    private readonly int descriptor;
    private readonly NativeMethods.Termios found;
    private bool isRaw;
    private bool isClosed;

    private RawMode(int descriptor, in NativeMethods.Termios found)
    {
        this.descriptor = descriptor;
        this.found = found;
    }

    /// <summary>Makes a terminal raw.</summary>
    /// <exception cref="PosixException">It is no terminal, or its mode cannot be changed.</exception>
    public static RawMode Enter(int descriptor)
    {
        NativeMethods.Termios mode;

        // SAFETY: tcgetattr writes one struct termios, which is what the local is.
        if (NativeMethods.tcgetattr(descriptor, &mode) != 0)
        {
            throw PosixException.Last("tcgetattr");
        }

        var raw = new RawMode(descriptor, in mode);
        raw.Resume();
        return raw;
    }

    /// <summary>The mode as it was found, in the words of <c>stty -g</c>: a process that outlives this one can restore
    /// it.</summary>
    public string FoundMode
    {
        get
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture,
                $"{found.InputFlags:x}:{found.OutputFlags:x}:{found.ControlFlags:x}:{found.LocalFlags:x}");
            for (int i = 0; i < 32; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $":{found.ControlCharacters[i]:x}");
            }

            return text.ToString();
        }
    }

    /// <summary>Puts back the mode that was found, for as long as the process is stopped.</summary>
    public void Suspend()
    {
        lock (gate)
        {
            if (isRaw)
            {
                isRaw = false;
                NativeMethods.Termios mode = found;

                // SAFETY: the mode is a copy on this frame.
                _ = NativeMethods.tcsetattr(descriptor, NativeMethods.TCSADRAIN, &mode);
            }
        }
    }

    /// <summary>Makes it raw again, also when somebody else has changed it, as shells do while a process is
    /// stopped.</summary>
    /// <exception cref="PosixException">The mode cannot be changed.</exception>
    public void Resume()
    {
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            NativeMethods.Termios mode = found;

            // SAFETY: the mode is a copy on this frame.
            NativeMethods.cfmakeraw(&mode);
            mode.OutputFlags = found.OutputFlags;
            if (NativeMethods.tcsetattr(descriptor, NativeMethods.TCSADRAIN, &mode) != 0)
            {
                throw PosixException.Last("tcsetattr");
            }

            isRaw = true;
        }
    }

    /// <summary>Puts back the mode that was found, for good.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            Suspend();
        }
    }
}
