namespace Hv.Guests;

/// <summary>A busybox program and the commands in it.</summary>
public sealed class Busybox
{
    internal const string ProgramFile = "busybox";

    internal Busybox(string directory) => Program = Path.Combine(directory, ProgramFile);

    /// <summary>The program, statically linked.</summary>
    public string Program { get; }

    /// <summary>Where its commands belong, for example <c>bin/ls</c>; none when the program does not run on this host
    /// (it is x86-64).</summary>
    public IReadOnlyList<string> CommandPaths()
    {
        try
        {
            (int code, string output, _) = ExternalTool.TryRun(Program, ["--list-full"]);
            return code == 0 ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
        }
        catch (Diagnostics.DiagnosticException)
        {
            return [];
        }
    }
}
