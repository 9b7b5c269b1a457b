using System.ComponentModel;
using System.Diagnostics;

namespace Hv.FrontEnds.Terminal;

/// <summary>A shell that waits for this process to end and then puts the terminal's mode back: SIGKILL, a stack
/// overflow and FailFast leave no code of ours to do it. When all goes well it is told so and does nothing.</summary>
internal sealed class TerminalGuard : IDisposable
{
    /// <summary>Reads one line; an end of input without one means that the process died. Signals that end a terminal's
    /// processes must not end the one that tidies up after them.</summary>
    private const string Script = """trap '' HUP INT QUIT TERM TTOU; read -r line || stty -F /dev/tty "$1" """;

    private readonly Process shell;

    private TerminalGuard(Process shell) => this.shell = shell;

    /// <summary>Starts one; null when there is no shell to be had, which costs only the protection.</summary>
    public static TerminalGuard? Start(string mode)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", Script, "hv-terminal-guard", mode },

            // All three: a child that shares a standard stream with us makes the runtime change the terminal's mode
            // itself.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start) is { } shell ? new TerminalGuard(shell) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>The mode is back: nothing is left to do.</summary>
    public void Dispose()
    {
        try
        {
            shell.StandardInput.WriteLine("done");
            shell.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }

        shell.Dispose();
    }
}
