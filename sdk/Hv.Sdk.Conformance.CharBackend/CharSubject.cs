using Hv.Sdk.Chars;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>A character backend to be tried, and somebody at its other end.</summary>
public sealed class CharSubject
{
    private const string Target = "target";

    /// <summary>The backend.</summary>
    public required ICharBackend Backend { get; init; }

    /// <summary>Makes the other end of one stream; null when there is none that the suite could play.</summary>
    public Func<CharPeer>? NewPeer { get; init; }

    /// <summary>Options, as typed, that must be refused.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> BadOptions { get; init; } = [];

    /// <summary>The backend's name.</summary>
    public string Name => Description.NameOf<CharBackendAttribute>(Backend);

    /// <summary>A subject of which nothing is known but its class: an option <c>target</c> that is a path leads to a
    /// file, one that is a text to a TCP address.</summary>
    public static CharSubject Of(ICharBackend backend) =>
        backend.Options.Options.FirstOrDefault(o => o.Name == Target)?.Type switch
    {
        OptionType.Path => new CharSubject { Backend = backend, NewPeer = static () =>
            new FilePeer(), BadOptions = [At("/no/such/folder/file")] },
        OptionType.Text => new CharSubject { Backend = backend, NewPeer = static () =>
            new TcpPeer(), BadOptions = [At("nonsense"), At("127.0.0.1:99999")] },
        _ => new CharSubject { Backend = backend },
    };

    private static Dictionary<string, string> At(string target) => new() { [Target] = target };

    internal OptionValues Bind(IReadOnlyDictionary<string, string> options) =>
        OptionTexts.Bind(Backend.Options, options);
}
