using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Hv.Sdk.TestKit;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>A TCP client of a backend that listens and logs its address (<c>127.0.0.1:PORT</c>).</summary>
/// <param name="options">Options, as typed, that make it listen.</param>
/// <param name="greeting">Sent first, for example a token and a line feed.</param>
public sealed partial class TcpCallingPeer(IReadOnlyDictionary<string, string> options, string greeting) : TcpPeer
{
    [GeneratedRegex(@"127\.0\.0\.1:[0-9]+")]
    private static partial Regex Address();

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Options => options;

    internal override bool IsTakenLater => true;

    /// <inheritdoc/>
    public override void Opened(IReadOnlyList<string> log)
    {
        Match address = log.Select(m => Address().Match(m)).FirstOrDefault(m => m.Success)
            ?? throw new ContractException("the backend has not logged the address that it listens at");
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPEndPoint.Parse(address.Value));
        socket.Send(Encoding.UTF8.GetBytes(greeting));
        Use(socket);
    }
}
