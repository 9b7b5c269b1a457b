using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Hv.Tests;

/// <summary>A <c>hv</c> that runs while a test does other things, with the sockets of running VMs below the test's own
/// directory.</summary>
internal sealed class RunningHv : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StringBuilder text = new();

    private RunningHv(HvProcess home, string[] arguments)
    {
        ProcessStartInfo start = new(HvProcess.Executable, arguments)
        {
            WorkingDirectory = home.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_STATE_HOME"] = Path.Combine(home.Root, "state");
        start.Environment["XDG_RUNTIME_DIR"] = home.Root;
        process = Process.Start(start)!;
        process.OutputDataReceived += Append;
        process.ErrorDataReceived += Append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts it.</summary>
    public static RunningHv Start(HvProcess home, params string[] arguments) => new(home, arguments);

    /// <summary>Everything that it wrote so far.</summary>
    public string Text
    {
        get
        {
            lock (text) return text.ToString();
        }
    }

    /// <summary>Waits until it has written something.</summary>
    public void Expect(string what) => Assert.True(
        SpinWait.SpinUntil(() => Text.Contains(what, StringComparison.Ordinal) || process.HasExited, Patience)
            && Text.Contains(what, StringComparison.Ordinal),
        $"'{what}' did not come; this did:\n{Text}");

    /// <summary>Waits until it listens at a socket of that name.</summary>
    public static string Socket(HvProcess home, string name)
    {
        string path = Path.Combine(home.Root, "hv", $"{name}.sock");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path) && TryConnect(path), Patience), $"nobody listens at {path}");
        return path;
    }

    private static bool TryConnect(string path)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends one line to a socket and gives the line that comes back; null when the connection ends.</summary>
    public static string? Say(string path, string line)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using NetworkStream stream = new(socket);
        stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        using StreamReader reader = new(stream);
        return reader.ReadLine();
    }

    /// <summary>Calls a method and gives its result.</summary>
    public static JsonElement Call(string path, string method, string parameters = "{}")
    {
        string answer = Say(path, $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""")!;
        return JsonDocument.Parse(answer).RootElement.GetProperty("result");
    }

    /// <summary>Ends it as <c>kill -9</c> does, its VM included.</summary>
    public void Kill()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    /// <summary>Asks it to end, as Ctrl-C does.</summary>
    public void Interrupt() => Process.Start("kill", ["-INT", process.Id.ToString()])!.WaitForExit();

    /// <summary>Waits for the end.</summary>
    public int ExitCode()
    {
        Assert.True(process.WaitForExit(Patience), $"hv does not end:\n{Text}");
        process.WaitForExit();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        lock (text) text.AppendLine(line.Data);
    }
}
