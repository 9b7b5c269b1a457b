using System.Net.Sockets;
using System.Text.Json;
using Hv.Diagnostics;
using StreamJsonRpc;

namespace Hv.Control;

/// <summary>A running machine from outside.</summary>
public sealed class ControlClient : IDisposable
{
    private readonly JsonRpc rpc;

    private ControlClient(Socket socket, string name)
    {
        Name = name;
        rpc = ControlConnection.Open(socket);
        rpc.StartListening();
    }

    /// <summary>The machine's name, as its socket has it.</summary>
    public string Name { get; }

    /// <summary>Connects to a machine; without a name to the only one that runs.</summary>
    /// <exception cref="DiagnosticException">There is none, or no such one, or more than one; the message names
    /// them.</exception>
    public static ControlClient Connect(string directory, string? name)
    {
        if (name is null)
        {
            IReadOnlyList<string> running = ControlDirectory.List(directory);
            name = running switch
            {
                [var only] => only,
                [] => throw NoMachine("no VM that can be commanded is running", "start one with hv run --reloadable"),
                _ => throw NoMachine(
                    $"{running.Count} VMs are running: {string.Join(", ", running)}", "name one with --vm"),
            };
        }

        return ControlDirectory.Connect(ControlDirectory.SocketOf(directory, name)) is { } socket
            ? new ControlClient(socket, name)
            : throw NoMachine($"no VM '{name}' that can be commanded is running",
                Suggestion.Remedy(name, [.. ControlDirectory.List(directory)]) ?? "start it with hv run --reloadable");
    }

    /// <summary>Calls a method.</summary>
    /// <exception cref="DiagnosticException">It is refused, or the machine has gone.</exception>
    public async Task<T> CallAsync<T>(string method, object? argument, CancellationToken cancel)
    {
        try
        {
            return await rpc.InvokeWithParameterObjectAsync<T>(method, argument, cancel).ConfigureAwait(false);
        }
        catch (RemoteInvocationException e)
            when (e.ErrorCode == Methods.RefusedError && e.ErrorData is JsonElement data)
        {
            Problem[] problems = data.Deserialize<Problem[]>(JsonSerializerOptions.Web) ?? [];
            throw new DiagnosticException([.. problems.Select(
                p => new Diagnostic(p.Code, new Place(p.Source, p.Line, p.Column), p.Text, p.Remedy))]);
        }
        catch (RemoteRpcException e)
        {
            throw NoMachine($"the VM '{Name}' does not understand '{method}': {e.Message}",
                "it may be of another version of Hv");
        }
        catch (Exception e) when (e is ConnectionLostException or ObjectDisposedException)
        {
            throw NoMachine($"the VM '{Name}' has ended", null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => rpc.Dispose();

    private static DiagnosticException NoMachine(string problem, string? remedy) =>
        new(new Diagnostic(Codes.NoSuchMachine, Place.Of("hv"), problem, remedy));
}
