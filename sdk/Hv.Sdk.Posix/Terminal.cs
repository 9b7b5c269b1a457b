namespace Hv.Sdk.Posix;

/// <summary>A terminal's size in characters.</summary>
/// <param name="Columns">Characters a line.</param>
/// <param name="Rows">Lines.</param>
public readonly record struct TerminalSize(int Columns, int Rows);

/// <summary>What can be asked of a descriptor that may be a terminal. Any thread.</summary>
public static unsafe class Terminal
{
    /// <summary>Whether the descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => NativeMethods.isatty(descriptor) == 1;

    /// <summary>The window's size; null when it is no terminal or the size is not known.</summary>
    public static TerminalSize? Size(int descriptor)
    {
        NativeMethods.WindowSize size;

        // SAFETY: TIOCGWINSZ writes one struct winsize, which is what the local is.
        int result = NativeMethods.ioctl(descriptor, NativeMethods.TIOCGWINSZ, &size);
        return result == 0 && size.Columns > 0 ? new TerminalSize(size.Columns, size.Rows) : null;
    }

    /// <summary>Stops this process as SIGTSTP would have; returns when it is continued. Sent to the calling thread: to
    /// the process, this thread could run on for a moment.</summary>
    public static void StopProcess() => _ = NativeMethods.raise(NativeMethods.SIGSTOP);
}
