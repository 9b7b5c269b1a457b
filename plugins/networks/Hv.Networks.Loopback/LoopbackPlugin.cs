using Hv.Sdk;
using Hv.Sdk.Net;

namespace Hv.Networks.Loopback;

/// <summary>A network of one card: what it sends comes back to it.</summary>
[NetBackend("loopback", Title = "Sends every frame back to its card")]
public sealed class LoopbackPlugin : INetBackend
{
    /// <inheritdoc/>
    public OptionSchema Options => LoopbackOptions.Schema;
    /// <inheritdoc/>
    public INetEndpoint Open(INetLink link, OptionValues options) =>
        new LoopbackEndpoint(link, LoopbackOptions.Bind(options));
}

/// <summary>Options of <c>loopback</c>.</summary>
[Options]
public sealed partial record LoopbackOptions
{
    /// <summary>Swap the Ethernet addresses.</summary>
    [Option("swap sender and receiver of each frame, so that a card that filters takes it")]
    public bool Swap { get; init; }
}
