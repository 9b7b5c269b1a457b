using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>One front-end in one process, with the suite as its machine and as the person before it.</summary>
internal sealed class Play : IDisposable
{
    private readonly Process process;
    private readonly TcpClient client;
    private readonly StreamWriter commands;
    private readonly Lock gate = new();
    private readonly List<string> events = [];
    private readonly List<byte> screen = [];
    private readonly string folder;
    private readonly ManualResetEventSlim reads;

    private Play(Process process, TcpClient client, string folder, bool readsScreen)
    {
        (this.process, this.client, this.folder) = (process, client, folder);
        commands = new StreamWriter(client.GetStream()) { AutoFlush = true };
        reads = new ManualResetEventSlim(readsScreen);
        new Thread(ReadEvents) { IsBackground = true, Name = "events" }.Start();
        new Thread(ReadScreen) { IsBackground = true, Name = "screen" }.Start();
    }

    /// <summary>Starts a front-end on pipes, or on a terminal of 120 columns and 40 rows.</summary>
    public static Play Begin(
        FrontEndSubject subject, bool onTerminal = false, bool hasConsole = true, bool hasEnded = false,
            bool readsScreen = true)
    {
        string folder = Directory.CreateTempSubdirectory("hv-conformance-").FullName;
        string runtime = Path.Combine(folder, "stage.runtimeconfig.json");
        File.WriteAllText(runtime, $$"""
            {
              "runtimeOptions": {
                "framework": { "name": "Microsoft.NETCore.App", "version": "{{Environment.Version.Major}}.0.0" }
              }
            }
            """);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(
            System.Globalization.CultureInfo.InvariantCulture);
        Type type = subject.FrontEnd.GetType();
        string[] stage =
        [
            "dotnet", "exec", "--runtimeconfig", runtime, typeof(Play).Assembly.Location, port, type.Assembly.Location,
            type.FullName!,
            hasConsole ? "console" : "none", hasEnded ? "ended" : "runs",
            .. subject.Options.Select(o => $"{o.Key}={o.Value}"),
        ];
        Process process = Start(onTerminal ? OnTerminal(stage, folder) : stage);
        TcpClient? client = null;
        Patience.Until(() => listener.Pending() || process.HasExited, "the front-end's process");
        if (!listener.Pending()) CheckRun.Fail($"the front-end's process ended with {process.ExitCode}: "
            + process.StandardError.ReadToEnd() + process.StandardOutput.ReadToEnd());
        client = listener.AcceptTcpClient();
        Play play = new(process, client, folder, readsScreen);
        play.Await("started");
        return play;
    }

    // A shell notes the terminal's mode before and after. script(1) is of util-linux.
    private static string[] OnTerminal(string[] stage, string folder)
    {
        string words = string.Join(' ', stage.Select(w => $"'{w.Replace("'", @"'\''", StringComparison.Ordinal)}'"));
        string script = $"stty rows 40 cols 120; stty -g > {folder}/before; {words}; "
            + $"stty -g > {folder}/after; echo done > {folder}/done";
        return ["script", "-qfec", $"sh -c \"{script.Replace("\"", "\\\"", StringComparison.Ordinal)}\"", "/dev/null"];
    }

    private static Process Start(string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new NotApplicableException($"'{command[0]}' cannot be started here: {e.Message}");
        }
    }

    /// <summary>What the front-end did so far.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (gate) return [.. events];
        }
    }

    /// <summary>What it wrote to standard output so far.</summary>
    public byte[] Screen
    {
        get
        {
            lock (gate) return [.. screen];
        }
    }

    /// <summary>All bytes that it sent to the guest, joined.</summary>
    public byte[] Sent =>
        [.. Events.Where(e => e.StartsWith("sent ", StringComparison.Ordinal)).SelectMany(
            e => Convert.FromHexString(e[5..]))];

    /// <summary>Begins to read standard output.</summary>
    public void ReadOn() => reads.Set();

    /// <summary>Tells the machine's side.</summary>
    public void Tell(string command) => commands.WriteLine(command);

    /// <summary>The guest prints.</summary>
    public void Output(byte[] bytes) => Tell($"output {Convert.ToHexString(bytes)}");

    /// <summary>The person types.</summary>
    public void Type(byte[] keys)
    {
        process.StandardInput.BaseStream.Write(keys);
        process.StandardInput.BaseStream.Flush();
    }

    /// <summary>Waits until the front-end did something.</summary>
    public void Await(string what) =>
        Patience.Until(() => Events.Any(e => e.StartsWith(what, StringComparison.Ordinal)),
            $"'{what}'; there were: {string.Join(", ", Events.Take(20))}");

    /// <summary>Waits until RunAsync has ended; null when it has returned, otherwise what it threw.</summary>
    public string? AwaitEnd()
    {
        Patience.Until(() => Events.Contains("returned") || Threw is not null, "RunAsync");
        return Threw;
    }

    /// <summary>Waits until RunAsync has returned.</summary>
    public void AwaitReturn()
    {
        if (AwaitEnd() is { } threw) CheckRun.Fail($"RunAsync {threw}");
    }

    private string? Threw => Events.FirstOrDefault(e => e.StartsWith("threw", StringComparison.Ordinal));

    /// <summary>The terminal's mode before and after, in the words of <c>stty -g</c>; waits until the process has
    /// ended.</summary>
    public (string Before, string After) Modes()
    {
        Patience.Until(() => File.Exists(Path.Combine(folder, "done")), "the end of the front-end's process");
        return (File.ReadAllText(Path.Combine(folder, "before")), File.ReadAllText(Path.Combine(folder, "after")));
    }

    private void ReadEvents()
    {
        try
        {
            using StreamReader reader = new(client.GetStream());
            while (reader.ReadLine() is { } line)
            {
                lock (gate) events.Add(line);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other process has ended.
        }
    }

    private void ReadScreen()
    {
        byte[] buffer = new byte[4096];
        reads.Wait();
        try
        {
            while (process.StandardOutput.BaseStream.Read(buffer) is var count && count > 0)
            {
                lock (gate) screen.AddRange(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The other process has ended.
        }
    }

    public void Dispose()
    {
        // Without its suite the stage ends by itself; script and the shell follow.
        reads.Set();
        client.Dispose();
        if (!process.WaitForExit(5000)) process.Kill(entireProcessTree: true);
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
