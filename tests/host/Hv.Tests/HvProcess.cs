using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Hv.Tests;

/// <summary>What a run of hv wrote, and how it ended.</summary>
internal sealed record HvResult(int ExitCode, string Output, string Error);

/// <summary>Runs the built command with directories of its own.</summary>
internal sealed class HvProcess : IDisposable
{
    /// <summary>Nothing here waits for a guest: whoever takes this long hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public HvProcess() => Root = Directory.CreateTempSubdirectory("hv-test-").FullName;

    /// <summary>The executable.</summary>
    public static string Executable { get; } = Path.Combine(
        typeof(HvProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(
            a => a.Key == "HvOutput").Value!, "hv");

    /// <summary>The working directory, empty at first.</summary>
    public string Root { get; }

    public string Write(string name, string text)
    {
        string path = Path.Combine(Root, name);
        File.WriteAllText(path, text);
        return path;
    }

    public HvResult Run(params string[] arguments) => RunProgram(Executable, arguments);

    public HvResult RunProgram(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(Root, "cache");
        start.Environment["XDG_STATE_HOME"] = Path.Combine(Root, "state");
        start.Environment["XDG_DATA_HOME"] = Path.Combine(Root, "data");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = new StringBuilder();
        process.ErrorDataReceived += (_, e) => error.Append(e.Data).Append('\n');
        process.BeginErrorReadLine();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} hangs");
        }

        process.WaitForExit();
        return new HvResult(process.ExitCode, output.Result, error.ToString());
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
