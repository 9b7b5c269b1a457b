using System.Net.Sockets;
using System.Text.Json;
using StreamJsonRpc;

namespace Hv.Control;

/// <summary>The wire: JSON-RPC 2.0, one message a line.</summary>
internal static class ControlConnection
{
    /// <summary>Speaks over a connected socket, which it then owns.</summary>
    public static JsonRpc Open(Socket socket)
    {
        var stream = new NetworkStream(socket, ownsSocket: true);
        var formatter = new SystemTextJsonFormatter
        {
            JsonSerializerOptions = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase },
        };
        return new JsonRpc(new NewLineDelimitedMessageHandler(stream, stream, formatter));
    }

    /// <summary>Serves one client until it goes.</summary>
    public static async Task ServeAsync(Socket client, ControlService service, CancellationToken ending)
    {
        using JsonRpc rpc = Open(client);
        rpc.AddLocalRpcTarget(
            new ControlTarget(service), new JsonRpcTargetOptions { AllowNonPublicInvocation = false });
        rpc.StartListening();
        using CancellationTokenRegistration registration = ending.Register(rpc.Dispose);
        try
        {
            await rpc.Completion.ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is IOException or SocketException or ObjectDisposedException or JsonException or BadRpcHeaderException)
        {
            // The client went away in the middle of a word, or never spoke the language.
        }
    }
}
