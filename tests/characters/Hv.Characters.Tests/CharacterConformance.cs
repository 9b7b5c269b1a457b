using Hv.Characters.File;
using Hv.Characters.Tcp;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.Conformance.Xunit;

namespace Hv.Characters.Tests;

/// <summary>A serial line into a file.</summary>
public sealed class FileConformance : CharConformance<FileBackend>;

/// <summary>A serial line that connects.</summary>
public sealed class TcpConformance : CharConformance<TcpBackend>
{
    protected override CharSubject Subject => new()
    {
        Backend = new TcpBackend(),
        NewPeer = static () => new TcpPeer(),
        BadOptions = [At("nonsense"), At("127.0.0.1:99999"), At("4555")],
    };

    private static Dictionary<string, string> At(string target) => new() { ["target"] = target };
}

/// <summary>A serial line that waits for its peer, and for the peer's token.</summary>
public sealed class TcpListeningConformance : CharConformance<TcpBackend>
{
    private static readonly Dictionary<string, string> Listening =
        new() { ["target"] = "0", ["listen"] = "on", ["token"] = "secret" };

    protected override CharSubject Subject => new()
    {
        Backend = new TcpBackend(),
        NewPeer = static () => new TcpCallingPeer(Listening, "secret\n"),
        BadOptions = [new Dictionary<string, string>(Listening) { ["target"] = "no-such-host.invalid:x" }],
    };
}
