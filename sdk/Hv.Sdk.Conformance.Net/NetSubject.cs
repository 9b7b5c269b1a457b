using Hv.Sdk.Net;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Net;

/// <summary>A network backend to be tried, and what is to be known about it.</summary>
public sealed class NetSubject
{
    private const int ProbeBytes = 60;

    /// <summary>The backend.</summary>
    public required INetBackend Backend { get; init; }

    /// <summary>Options as a user would type them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>What comes back to the card for a frame that it sends, when the other side answers each frame with one
    /// (a loopback, a reflector behind a tunnel); null when nothing is known about the other side.</summary>
    public Func<byte[], byte[]>? Reflection { get; init; }

    /// <summary>The backend's name.</summary>
    public string Name => Description.NameOf<NetBackendAttribute>(Backend);

    /// <summary>A subject of which nothing is known but its class: a backend that gives a frame back at once is taken
    /// for a loopback.</summary>
    public static NetSubject Of(INetBackend backend, IReadOnlyDictionary<string, string> options)
    {
        NetSubject unknown = new() { Backend = backend, Options = options };
        RecordingLink link = new();
        using INetEndpoint end = unknown.Open(link);
        byte[] probe = new byte[ProbeBytes];
        new Random(1).NextBytes(probe);
        _ = end.Send(probe, default);
        end.Flush();
        return link.Frames.Count == 1 && link.Frames[0].Bytes.AsSpan().SequenceEqual(probe)
            ? new NetSubject { Backend = backend, Options = options, Reflection = static frame => frame } : unknown;
    }

    internal INetEndpoint Open(INetLink link) => Backend.Open(link, OptionTexts.Bind(Backend.Options, Options));
}
