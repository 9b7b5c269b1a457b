using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.FrontEnds;

/// <summary>What can be wrong with a front-end.</summary>
internal static class PlainDefects
{
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(4);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("front-end", "has no name", "is-described", () => FrontEndSuite.Default.RunCheck("is-described",
            new FrontEndSubject { FrontEnd = new NamelessFrontEnd() }, ConformanceOptions.Quick)),
        Of(FrontEndFlaw.ReturnsEarly, "returns while the machine runs", "returns-when-the-machine-ends"),
        Of(FrontEndFlaw.MissesTheEnd, "stays when the machine has ended", "returns-when-the-machine-ends"),
        Of(FrontEndFlaw.WaitsForAnEndThatWas, "waits for an end that was before it came", "returns-when-it-comes-late"),
        Of(FrontEndFlaw.QuitsWhenCancelled, "ends the machine when it is cancelled", "cancelling-detaches"),
        Of(FrontEndFlaw.NeedsAConsole, "fails without a console", "lives-without-a-console"),
        Of(FrontEndFlaw.DropsOutput, "drops one piece of output of seven", "output-is-shown"),
        Of(FrontEndFlaw.QueuesOutput, "takes output faster than it shows it", "output-waits-for-the-reader"),
        Of(FrontEndFlaw.HasSevenBits, "passes seven bits of each byte on", "input-is-passed-on"),
        Of(FrontEndFlaw.StaysCooked, "leaves keys to the terminal's line editor", "keys-go-to-the-guest"),
        Of(FrontEndFlaw.NeverResumes, "pauses a machine that is paused", "keys-command-the-machine"),
        Of(FrontEndFlaw.DiesOfAFailedSave, "dies when the machine cannot be saved", "failed-save-is-survived"),
        Of(FrontEndFlaw.IgnoresTheSize, "does not tell the terminal's size", "window-size-is-passed-on"),
        Of(FrontEndFlaw.LeavesTheTerminalRaw, "leaves the terminal raw", "terminal-is-restored"),
    ];

    private static Defect Of(FrontEndFlaw flaw, string name, string check) => new("front-end", name, check, () =>
    {
        Patience.SetLimit(Brief);
        return FrontEndSuite.Default.RunCheck(check, Subject(flaw), ConformanceOptions.Quick);
    });

    internal static FrontEndSubject Subject(FrontEndFlaw flaw) => new()
    {
        FrontEnd = new PlainFrontEnd(),
        Options = new Dictionary<string, string> { ["flaw"] = flaw.ToString() },
        Keys = new FrontEndKeys { Quit = [1, (byte)'q'], Pause = [1, (byte)'p'], Reset = [1, (byte)'r'],
            Save = [1, (byte)'s'] },
    };
}
