using Hv.Sdk.Chars;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Chars;

/// <summary>What can be wrong with a character backend.</summary>
internal static class PipeDefects
{
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("char-backend", "has no name", "is-described", () => CharSuite.Default.RunCheck(
            "is-described", new CharSubject { Backend = new NamelessChars() }, ConformanceOptions.Quick)),
        Of(CharFlaw.TakesAnyTarget, "takes any target", "bad-target-is-refused"),
        Of(CharFlaw.ThrowsTheWrongException, "lets the host's exception out of Open", "bad-target-is-refused"),
        Of(CharFlaw.HasSevenBits, "carries seven bits of each byte", "output-arrives"),
        Of(CharFlaw.LosesTheEndOfPieces, "loses the end of long pieces", "output-arrives"),
        Of(CharFlaw.DropsInput, "drops every third piece that arrives", "input-arrives"),
        Of(CharFlaw.ScramblesInput, "turns round what arrives", "input-arrives"),
        Of(CharFlaw.WaitsForRoom, "waits in Write until there is room", "writing-never-waits"),
        Of(CharFlaw.HoldsEverything, "keeps all that nobody reads", "writing-never-waits"),
        Of(CharFlaw.NeverSaysWritable, "never says that it takes bytes again", "writable-follows-a-short-write"),
        Of(CharFlaw.DoublesAfterAShortWrite, "takes one byte more than it says", "writable-follows-a-short-write"),
        Of(CharFlaw.DropsWhileTheGuestIsSlow, "drops what arrives while the guest is slow", "slow-guest-loses-nothing"),
        Of(CharFlaw.TakesFromNothing, "takes a byte of an empty write", "empty-write-does-nothing"),
        Of(CharFlaw.ThrowsWithoutAPeer, "throws when the other side has gone", "other-side-may-leave"),
        Of(CharFlaw.ThrowsOnSecondDispose, "throws when it is disposed twice", "disposal-is-final"),
        Of(CharFlaw.DeliversAfterDispose, "gives what arrives after it was disposed", "disposal-is-final"),
    ];

    private static Defect Of(CharFlaw flaw, string name, string check) => new("char-backend", name, check, () =>
    {
        Patience.SetLimit(Brief);
        return CharSuite.Default.RunCheck(check, Subject(flaw), ConformanceOptions.Quick);
    });

    internal static CharSubject Subject(CharFlaw flaw)
    {
        PipeBackend backend = new(flaw);
        return new CharSubject
        {
            Backend = backend,
            NewPeer = () => backend.NextPeer = new PipePeer(),
            BadOptions = [new Dictionary<string, string> { ["target"] = "nowhere" }],
        };
    }
}
