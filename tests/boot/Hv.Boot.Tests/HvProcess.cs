using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Hv.Boot.Tests;

/// <summary>One run of the built executable, with its console in the hands of a test.</summary>
internal sealed class HvProcess : IDisposable
{
    /// <summary>No boot takes this long, on however busy a machine; a guest that hangs fails its test by it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly Task reading;
    private int seen;

    public static string Executable { get; } = Path.GetFullPath(typeof(HvProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "HvExecutable").Value!);

    private HvProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        ProcessStartInfo start = new(Executable, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => { lock (errors) errors.AppendLine(line.Data); };
        process.BeginErrorReadLine();
        reading = ReadOutput();
    }

    /// <summary>Starts <c>hv</c> with these arguments.</summary>
    public static HvProcess Start(params IEnumerable<string> arguments) => new(arguments);

    /// <summary>The same with variables of the environment.</summary>
    public static HvProcess Start(
        IReadOnlyDictionary<string, string> variables, params IEnumerable<string> arguments) =>
        new(arguments, variables);

    /// <summary>Runs <c>hv</c> to its end.</summary>
    public static async Task<HvProcess> Run(params IEnumerable<string> arguments)
    {
        HvProcess hv = new(arguments);
        hv.process.StandardInput.Close();
        _ = await hv.ExitCode();
        return hv;
    }

    /// <summary>Everything that came on standard output so far.</summary>
    public string Output { get { lock (output) return output.ToString(); } }

    /// <summary>Everything that came on standard error so far.</summary>
    public string Errors { get { lock (errors) return errors.ToString(); } }

    /// <summary>Waits until the output after the last match has this pattern.</summary>
    public async Task<Match> Expect(string pattern)
    {
        using CancellationTokenSource limit = new(Patience);
        Regex regex = new(pattern, RegexOptions.Multiline);
        while (true)
        {
            string text = Output;
            Match match = regex.Match(text, seen);
            if (match.Success)
            {
                seen = match.Index + match.Length;
                return match;
            }
            if (reading.IsCompleted && text.Length == Output.Length)
                throw Failure($"hv ended with {await ExitCode()} before /{pattern}/ came");
            try
            {
                _ = await changed.WaitAsync(TimeSpan.FromMilliseconds(200), limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw Failure($"/{pattern}/ did not come within {Patience}");
            }
        }
    }

    /// <summary>Types a line.</summary>
    public async Task Type(string line)
    {
        await process.StandardInput.WriteAsync(line + "\n");
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Bytes of shared memory that <c>hv</c> and its children hold of the host's: guest RAM is the only
    /// large part.</summary>
    public long SharedMemoryBytes()
    {
        long total = 0;
        foreach (string folder in Directory.EnumerateDirectories("/proc")
            .Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                Dictionary<string, string> status = File.ReadLines(folder + "/status").Select(l => l.Split(':', 2))
                    .ToDictionary(l => l[0], l => l[1].Trim());
                bool isOurs = status["Pid"] == process.Id.ToString() || status["PPid"] == process.Id.ToString();
                if (isOurs) total += long.Parse(status["RssShmem"].Split(' ')[0]) * 1024;
            }
            catch (Exception e) when (e is IOException or KeyNotFoundException)
            {
                // It has ended meanwhile, or is a kernel thread.
            }
        }
        return total;
    }

    /// <summary>Sends a signal by its name, for example TERM.</summary>
    public void Signal(string name) => Process.Start("kill", ["-" + name, process.Id.ToString()])!.WaitForExit();

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> ExitCode()
    {
        using CancellationTokenSource limit = new(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw Failure($"hv did not end within {Patience}");
        }
        await reading;
        return process.ExitCode;
    }

    /// <summary>An exception that shows what was seen last.</summary>
    public Exception Failure(string problem) => new InvalidOperationException(
        $"{problem}\n--- standard output, the end ---\n{Last(Output)}\n--- standard error ---\n{Last(Errors)}");

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
        changed.Dispose();
    }

    private static string Last(string text) => text.Length > 4000 ? text[^4000..] : text;

    private async Task ReadOutput()
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = await process.StandardOutput.ReadAsync(buffer)) > 0)
        {
            lock (output) output.Append(buffer, 0, count);
            if (changed.CurrentCount == 0) changed.Release();
        }
    }
}
