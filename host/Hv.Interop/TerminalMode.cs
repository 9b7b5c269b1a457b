using System.Runtime.InteropServices;

namespace Hv.Interop;

/// <summary>The mode of the terminal on standard input: saved when made, put back when disposed. Does nothing where
/// there is no terminal.</summary>
public sealed unsafe partial class TerminalMode : IDisposable
{
    private const int InputFd = 0;
    private const int Now = 0;
    private const ulong LinuxGetWindowSize = 0x5413;
    private const ulong MacGetWindowSize = 0x40087468;

    // struct termios is at most 72 bytes on the systems we know; it is passed around without looking inside.
    private readonly byte[] saved = new byte[256];
    private bool isChanged;

    /// <summary>Remembers the present mode.</summary>
    public TerminalMode()
    {
        if (OperatingSystem.IsWindows()) return;
        // SAFETY: the buffer is larger than any struct termios.
        fixed (byte* p = saved) IsTerminal = GetAttributes(InputFd, p) == 0;
    }

    /// <summary>Whether standard input is a terminal whose mode can be changed.</summary>
    public bool IsTerminal { get; }

    /// <summary>Gives every key to the program at once and unechoed, signals included.</summary>
    public void EnterRaw()
    {
        if (!IsTerminal) return;
        byte[] raw = [.. saved];
        // SAFETY: as above.
        fixed (byte* p = raw)
        {
            MakeRaw(p);
            isChanged = SetAttributes(InputFd, Now, p) == 0;
        }
    }

    /// <summary>Puts the remembered mode back. Safe to call twice and from a signal's thread.</summary>
    public void Restore()
    {
        if (!isChanged) return;
        isChanged = false;
        // SAFETY: as above.
        fixed (byte* p = saved) _ = SetAttributes(InputFd, Now, p);
    }

    /// <summary>Puts the remembered mode back although somebody else changed it: a process that died with it.</summary>
    public void RestoreAfterOther()
    {
        isChanged = IsTerminal;
        Restore();
    }

    /// <summary>The window's size in characters; false where there is none.</summary>
    public static bool TryGetSize(out int columns, out int rows)
    {
        Libc.WindowSize size = default;
        columns = rows = 0;
        if (OperatingSystem.IsWindows()) return false;
        ulong request = OperatingSystem.IsMacOS() ? MacGetWindowSize : LinuxGetWindowSize;
        // SAFETY: TIOCGWINSZ writes one struct winsize.
        if (Libc.Control(InputFd, request, &size) != 0) return false;
        columns = size.Columns;
        rows = size.Rows;
        return columns > 0 && rows > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Restore();

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int fd, byte* mode);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int fd, int when, byte* mode);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* mode);
}
