using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Net;

/// <summary>The requirements of <see cref="Sdk.Net.INetBackend"/> and <see cref="Sdk.Net.INetEndpoint"/>.</summary>
public sealed class NetSuite : ConformanceSuite<NetSubject>
{
    /// <summary>The suite.</summary>
    public static NetSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public NetSuite() : base("net-backend",
    [
        new("is-described", "the backend has a name, each option a name and a summary", Endpoints.IsDescribed),
        new("frames-arrive-in-order", "in batches of any size every frame arrives once, in order, as it was",
            Frames.ArriveInOrder),
        new("offloads-are-kept", "what a card left to the other side, checksums and segments, arrives with the frame",
            Frames.KeepOffloads),
        new("frames-are-copied", "a frame belongs to the card again when Send returns", Frames.AreCopied),
        new("backpressure-loses-nothing",
            "when one side is full, refused frames are not delivered, taken ones are, and both sides hear of room",
            Frames.SurviveBackpressure),
        new("queues-are-bounded", "a card that takes nothing does not make the backend hold more and more",
            Frames.AreBounded),
        new("frames-allocate-nothing", "a frame costs no allocation once the code has run", Frames.AllocateNothing),
        new("any-length-is-answered",
            "frames too short or too long are passed on as they are or dropped, and those after them arrive",
            Frames.MayHaveAnyLength),
        new("spurious-calls-are-harmless", "readiness and ends of batches that nobody waits for do nothing",
            Endpoints.TakesSpuriousCalls),
        new("endpoints-share-nothing", "two cards with a backend each do not hear of one another",
            Endpoints.ShareNothing),
        new("disposal-is-final", "an end may be disposed twice, with frames waiting, and delivers nothing afterwards",
            Endpoints.DisposeOnce),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(NetSubject subject) => subject.Name;
}
