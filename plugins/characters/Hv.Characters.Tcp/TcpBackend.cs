using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Hv.Sdk;
using Hv.Sdk.Chars;

namespace Hv.Characters.Tcp;

/// <summary>A serial line over TCP.</summary>
[CharBackend("tcp", Title = "A serial line over TCP: connects, or listens for one peer at a time")]
public sealed class TcpBackend : ICharBackend
{
    /// <inheritdoc/>
    public OptionSchema Options => TcpOptions.Schema;

    /// <inheritdoc/>
    public ICharStream Open(OptionValues options, IDeviceLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        TcpOptions chosen = TcpOptions.Bind(options);
        (string host, int port) = ParseAddress(chosen);
        try
        {
            return chosen.Listen ? Listen(chosen, host, port, log) : Connect(host, port, log);
        }
        catch (SocketException e)
        {
            throw new ConfigurationException($"'{chosen.Target}': {e.Message}") { Option = "target" };
        }
    }

    private static TcpStream Connect(string host, int port, IDeviceLog log)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(host, port);
        return new TcpStream(socket, log);
    }

    private static TcpStream Listen(TcpOptions chosen, string host, int port, IDeviceLog log)
    {
        // The resolver refuses 0.0.0.0 and ::, which mean every address.
        IPAddress address = IPAddress.TryParse(host, out IPAddress? literal) ? literal : Dns.GetHostAddresses(host)[0];
        if (!IPAddress.IsLoopback(address) && !chosen.Public)
        {
            throw new ConfigurationException(
                $"'{host}' can be reached from other machines: listen on 127.0.0.1, or add public=on") { Option =
                    "public" };
        }

        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen(1);
        string token = chosen.Token.Length == 0
            ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))
            : chosen.Token;
        string announced = token == "none" ? "no token" : $"token {token}";
        log.Write(LogLevel.Info, $"listening at {listener.LocalEndPoint}, {announced}");
        return new TcpStream(listener, token == "none" ? null : token, log);
    }

    private static (string Host, int Port) ParseAddress(TcpOptions chosen)
    {
        int colon = chosen.Target.LastIndexOf(':');
        string host = colon > 0 ? chosen.Target[..colon].Trim('[', ']') : "127.0.0.1";
        if (ushort.TryParse(chosen.Target.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out ushort port)
            && (colon > 0 || chosen.Listen))
        {
            return (host, port);
        }

        throw new ConfigurationException(
            $"'{chosen.Target}' is not an address: give host:port, for example 127.0.0.1:4555")
        {
            Option = "target",
        };
    }
}
