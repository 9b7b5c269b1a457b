using System.ComponentModel;
using System.Diagnostics;
using Hv.Diagnostics;

namespace Hv.Guests;

/// <summary>Runs programs of the host to their end.</summary>
internal static class ExternalTool
{
    /// <summary>Whether a program is on the path.</summary>
    public static bool Exists(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(
            d => File.Exists(Path.Combine(d, name)));

    /// <summary>Runs; gives what it wrote to standard output.</summary>
    /// <exception cref="DiagnosticException">It failed; its last words are in the message.</exception>
    public static string Run(
        string name, IEnumerable<string> arguments, string? directory = null, Action<string>? onLine = null)
    {
        (int code, string output, string error) = TryRun(name, arguments, directory, onLine);
        if (code == 0)
        {
            return output;
        }

        string words = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(l => l.StartsWith("E:", StringComparison.Ordinal)) ?? error.Trim();
        throw new DiagnosticException(
            new Diagnostic(Codes.FetchFailed, Place.Of(name), $"it ended with {code}: {words}", null));
    }

    /// <summary>Runs, whatever the end; <paramref name="onLine"/> sees standard output as it comes.</summary>
    public static (int Code, string Output, string Error) TryRun(
        string name, IEnumerable<string> arguments, string? directory = null, Action<string>? onLine = null)
    {
        using var process = new Process { StartInfo = Start(name, arguments, directory) };
        var output = new System.Text.StringBuilder();
        var error = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is not null)
            {
                output.Append(e.Data).Append('\n');
                onLine?.Invoke(e.Data);
            }
        };
        process.ErrorDataReceived += (_, e) => error.Append(e.Data).Append('\n');
        Launch(process, name);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return (process.ExitCode, output.ToString(), error.ToString());
    }

    /// <summary>Sends bytes through a filter.</summary>
    /// <exception cref="DiagnosticException">It failed.</exception>
    public static byte[] Filter(string name, IEnumerable<string> arguments, byte[] input)
    {
        using var process = new Process { StartInfo = Start(name, arguments, null) };
        Launch(process, name);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        Task feeding = Task.Run(() =>
        {
            try
            {
                process.StandardInput.BaseStream.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended early: its exit code says whether that was a failure.
            }
        });
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        feeding.Wait();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.ToArray()
            : throw new DiagnosticException(
                new Diagnostic(Codes.BadPackage, Place.Of(name), $"it ended with {process.ExitCode}", null));
    }

    private static ProcessStartInfo Start(string name, IEnumerable<string> arguments, string? directory)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    private static void Launch(Process process, string name)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new DiagnosticException(
                new Diagnostic(Codes.FetchFailed, Place.Of(name), $"it cannot be started: {e.Message}", null));
        }
    }
}
