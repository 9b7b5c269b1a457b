using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>The requirements of <see cref="Chars.ICharBackend"/> and <see cref="Chars.ICharStream"/>.</summary>
public sealed class CharSuite : ConformanceSuite<CharSubject>
{
    /// <summary>The suite.</summary>
    public static CharSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public CharSuite() : base("char-backend",
    [
        new("is-described", "the backend has a name, each option a name and a summary", Streams.IsDescribed),
        new("bad-target-is-refused", "a target that is none is a mistake of the definition, with the option's name",
            Streams.RefusesBadTargets),
        new("output-arrives", "what is written arrives once, in order, every value of a byte, in pieces of any size",
            Streams.CarriesOutput),
        new("input-arrives", "what the other side sends arrives once, in order, every value of a byte",
            Streams.CarriesInput),
        new("writing-never-waits", "while the other side takes nothing, Write returns with what it took",
            Streams.NeverWaits),
        new("writable-follows-a-short-write",
            "after Write took less than it was given, it says when to go on, and nothing is lost or doubled",
            Streams.SaysWhenWritable),
        new("slow-guest-loses-nothing", "while the callback waits for the guest, what arrives is kept",
            Streams.WaitsForTheGuest),
        new("empty-write-does-nothing", "a write of nothing takes nothing and needs nobody", Streams.TakesNothing),
        new("other-side-may-leave", "when the other side goes, writes still return and Dispose does too",
            Streams.SurvivesLeaving),
        new("disposal-is-final", "a stream may be disposed twice, and nothing arrives afterwards",
            Streams.DisposesOnce),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(CharSubject subject) => subject.Name;
}
