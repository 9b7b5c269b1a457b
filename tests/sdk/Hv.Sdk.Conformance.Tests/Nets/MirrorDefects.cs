using Hv.Sdk.Conformance.Net;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Nets;

/// <summary>What can be wrong with a network backend.</summary>
internal static class MirrorDefects
{
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("net-backend", "has no name", "is-described", () => Try("is-described", new NamelessNet())),
        Of(NetFlaw.DropsSome, "drops one frame of seventeen", "frames-arrive-in-order"),
        Of(NetFlaw.SwapsNeighbours, "swaps two frames of a batch", "frames-arrive-in-order"),
        Of(NetFlaw.LosesOffloads, "loses what the card left to the other side", "offloads-are-kept"),
        Of(NetFlaw.QueuesInOneBuffer, "keeps all waiting frames in one buffer", "frames-are-copied"),
        Of(NetFlaw.DropsWhenFull, "takes frames and drops them while the card is full", "backpressure-loses-nothing"),
        Of(NetFlaw.NeverSaysReady, "refuses frames and never says that it takes them again",
            "backpressure-loses-nothing"),
        Of(NetFlaw.DeliversTwice, "delivers frames that waited twice", "backpressure-loses-nothing"),
        Of(NetFlaw.HoldsEverything, "queues without a bound", "queues-are-bounded"),
        Of(NetFlaw.Allocates, "allocates a frame", "frames-allocate-nothing"),
        Of(NetFlaw.ThrowsOnGiants, "throws on long frames", "any-length-is-answered"),
        Of(NetFlaw.CutsGiants, "cuts long frames short", "any-length-is-answered"),
        Of(NetFlaw.RepeatsWhenReady, "delivers the last frame again when the card is ready",
            "spurious-calls-are-harmless"),
        Of(NetFlaw.HasOneLinkForAll, "keeps the card in a static field", "endpoints-share-nothing"),
        Of(NetFlaw.ThrowsOnSecondDispose, "throws when it is disposed twice", "disposal-is-final"),
        Of(NetFlaw.DeliversWhenDisposed, "delivers what waited when it is disposed again", "disposal-is-final"),
    ];

    private static Defect Of(NetFlaw flaw, string name, string check) =>
        new("net-backend", name, check, () => Try(check, new MirrorBackend(flaw)));

    private static CheckResult Try(string check, INetBackend backend)
    {
        Patience.SetLimit(Brief);
        return NetSuite.Default.RunCheck(check, Subject(backend), ConformanceOptions.Quick);
    }

    internal static NetSubject Subject(INetBackend backend) =>
        new() { Backend = backend, Reflection = static frame => frame };
}
