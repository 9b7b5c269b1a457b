using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>The requirements of <see cref="Management.IFrontEnd"/>.</summary>
public sealed class FrontEndSuite : ConformanceSuite<FrontEndSubject>
{
    /// <summary>The suite.</summary>
    public static FrontEndSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public FrontEndSuite() : base("front-end",
    [
        new("is-described", "the front-end has a name, each option a name and a summary", Life.IsDescribed),
        new("returns-when-the-machine-ends", "it stays as long as the machine runs, and returns when it has ended",
            Life.ReturnsAtTheEnd),
        new("returns-when-it-comes-late", "on a machine that has ended already it returns at once",
            Life.ReturnsWhenLate),
        new("cancelling-detaches", "cancelled it returns, and the machine runs on as it was", Life.Detaches),
        new("lives-without-a-console", "a machine without a console is no reason to fail", Life.NeedsNoConsole),
        new("output-is-shown", "what the guest prints is on standard output, byte for byte", Streams.ShowOutput),
        new("output-waits-for-the-reader",
            "output is taken when it was shown, not before: a slow reader slows the guest", Streams.WaitForTheReader),
        new("input-is-passed-on", "what comes on standard input goes to the guest, byte for byte", Streams.PassInput),
        new("keys-go-to-the-guest",
            "on a terminal each key goes to the guest at once, Ctrl-C too, and nothing is echoed", Terminals.PassKeys),
        new("keys-command-the-machine", "its keys pause, resume, reset, save and end the machine", Terminals.Command),
        new("failed-save-is-survived", "a machine that cannot be saved is no reason to end",
            Terminals.SurviveFailedSaves),
        new("window-size-is-passed-on", "the guest is told how large the terminal is", Terminals.PassSize),
        new("terminal-is-restored", "however it ends, the terminal is in the mode that it was found in",
            Terminals.AreRestored),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(FrontEndSubject subject) => subject.Name;
}
