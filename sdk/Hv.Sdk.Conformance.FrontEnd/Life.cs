using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>How a front-end comes and goes.</summary>
internal static class Life
{
    private const int MomentMs = 30;

    public static void IsDescribed(FrontEndSubject subject, CheckRun run) =>
        Description.RequireComplete<FrontEndAttribute>(subject.FrontEnd, subject.FrontEnd.Options);

    public static void ReturnsAtTheEnd(FrontEndSubject subject, CheckRun run)
    {
        foreach (string reason in new[] { "PowerOff", "Crash" })
        {
            using Play play = Play.Begin(subject);
            if (subject.UsesStandardStreams) play.Await("listening");
            Thread.Sleep(MomentMs);
            CheckRun.Require(!play.Events.Contains("returned"), "it returned while the machine was running");
            play.Tell($"end {reason}");
            play.AwaitReturn();
        }
    }

    public static void ReturnsWhenLate(FrontEndSubject subject, CheckRun run)
    {
        using Play play = Play.Begin(subject, hasEnded: true);
        play.AwaitReturn();
    }

    public static void Detaches(FrontEndSubject subject, CheckRun run)
    {
        using Play play = Play.Begin(subject);
        if (subject.UsesStandardStreams) play.Await("listening");
        play.Tell("cancel");
        string? threw = play.AwaitEnd();
        CheckRun.Require(threw is null || threw.Contains("Cancel", StringComparison.Ordinal), $"cancelled, it {threw}");
        string[] commands =
            [.. play.Events.Where(e => e.Split(' ')[0] is "quit" or "reset" or "pause" or "save" or "power-button")];
        CheckRun.Require(commands.Length == 0,
            $"cancelled, it gave the machine the command '{commands.FirstOrDefault()}'");
    }

    public static void NeedsNoConsole(FrontEndSubject subject, CheckRun run)
    {
        using Play play = Play.Begin(subject, hasConsole: false);
        Thread.Sleep(MomentMs);
        play.Tell("end PowerOff");
        play.AwaitReturn();
    }
}
