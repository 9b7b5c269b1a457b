using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Hv.Control;

/// <summary>Listens at a machine's socket. Listening costs a file and a descriptor; JSON-RPC and its libraries are
/// loaded when the first client comes.</summary>
public sealed class ControlServer : IDisposable
{
    private readonly Socket listener;
    private readonly FileStream ownership;
    private readonly ControlService service;
    private readonly CancellationTokenSource ending = new();

    private ControlServer(Socket listener, FileStream ownership, string path, ControlService service)
    {
        this.listener = listener;
        this.ownership = ownership;
        this.service = service;
        Path = path;
    }

    /// <summary>The socket.</summary>
    public string Path { get; }

    /// <summary>Starts listening. When another running machine has the name, the process's number is added to
    /// it.</summary>
    /// <exception cref="IOException">The socket cannot be had; the message says why.</exception>
    public static ControlServer Start(string directory, string name, ControlService service)
    {
        Socket? listener = null;
        FileStream? ownership = null;
        try
        {
            ControlDirectory.Prepare(directory);
            string path = ControlDirectory.SocketOf(directory, name);
            ownership = TryOwn(path);
            if (ownership is null)
            {
                path = ControlDirectory.SocketOf(directory, $"{name}-{Environment.ProcessId}");
                ownership = TryOwn(path) ?? throw new IOException($"'{path}' is taken");
            }

            // The name is ours: what lies there was left by a process that was killed.
            File.Delete(path);
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            listener.Listen();
            var server = new ControlServer(listener, ownership, path, service);
            _ = server.AcceptAsync();
            return server;
        }
        catch (Exception e) when (
            e is SocketException or ArgumentException or UnauthorizedAccessException or IOException)
        {
            listener?.Dispose();
            ownership?.Dispose();
            throw e as IOException ?? new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose(); // removes the socket's file
        ownership.Dispose();
    }

    /// <summary>The lock file beside the socket; null when a living process holds it. It stays when the process ends:
    /// removing a lock file is a race with whoever opens it.</summary>
    private static FileStream? TryOwn(string path)
    {
        try
        {
            return new FileStream(
                System.IO.Path.ChangeExtension(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                    FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                continue; // a client that was gone again
            }

            Serve(client);
        }
    }

    // A method of its own: compiling it loads the libraries.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Serve(Socket client) => _ = ControlConnection.ServeAsync(client, service, ending.Token);
}
