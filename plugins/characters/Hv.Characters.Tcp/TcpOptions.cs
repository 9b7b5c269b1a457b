using Hv.Sdk;

namespace Hv.Characters.Tcp;

/// <summary>What a definition may set.</summary>
[Options]
public sealed partial record TcpOptions
{
    /// <summary>The address.</summary>
    [Option("host:port; with listen=on also just a port of the loopback address")]
    public required string Target { get; init; }

    /// <summary>Wait for a peer.</summary>
    [Option("wait for a peer to connect instead of connecting")]
    public bool Listen { get; init; }

    /// <summary>Allow other machines.</summary>
    [Option("let listen=on take an address that other machines can reach")]
    public bool Public { get; init; }

    /// <summary>What a peer must send first.</summary>
    [Option("with listen=on, the line that a peer must send first; 'none' asks for none, empty makes one and logs it")]
    public string Token { get; init; } = "";
}
