using System.Text;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>A front-end on a terminal.</summary>
internal static class Terminals
{
    private const int MomentMs = 30;

    public static void PassKeys(FrontEndSubject subject, CheckRun run)
    {
        Streams.RequireStreams(subject);
        using Play play = Play.Begin(subject, onTerminal: true);
        play.Await("listening");

        // Interrupt, suspend, quit, end of file, flow control, erase, and no line end at all.
        byte[] keys = [.. "ls"u8, 0x03, 0x1a, 0x1c, 0x04, 0x13, 0x11, 0x7f, .. "x"u8];
        play.Type(keys);
        Patience.Until(() =>
            play.Sent.Length >= keys.Length, $"{keys.Length} keys at the guest, of which {play.Sent.Length} came");
        CheckRun.Require(play.Sent.AsSpan().SequenceEqual(keys),
            $"the guest was given {Convert.ToHexString(play.Sent)} instead of {Convert.ToHexString(keys)}");
        play.Output("prompt"u8.ToArray());
        play.Await("shown");
        Patience.Until(() => Text(play).Contains("prompt", StringComparison.Ordinal), "the output");
        CheckRun.Require(!Text(play).Contains("ls", StringComparison.Ordinal),
            "the terminal echoed what was typed: the guest will, too");
    }

    private static string Text(Play play) => Encoding.Latin1.GetString(play.Screen);

    public static void Command(FrontEndSubject subject, CheckRun run)
    {
        FrontEndKeys keys = subject.Keys ?? throw new NotApplicableException("it has no keys");
        using Play play = Play.Begin(subject, onTerminal: true);
        play.Await("listening");
        Press(play, keys.Pause, "pause");
        Press(play, keys.Pause, "resume");
        Press(play, keys.Reset, "reset");
        Press(play, keys.Save, "save");
        Press(play, keys.Quit, "quit");
        if (keys.Quit is not null) play.AwaitReturn();
        CheckRun.Require(play.Sent.Length == 0,
            $"the guest was given {Convert.ToHexString(play.Sent)} of what was meant for the machine");
    }

    private static void Press(Play play, byte[]? key, string command)
    {
        if (key is null) return;
        play.Type(key);
        play.Await(command);
    }

    public static void SurviveFailedSaves(FrontEndSubject subject, CheckRun run)
    {
        byte[] save = subject.Keys?.Save ?? throw new NotApplicableException("it has no key to save");
        using Play play = Play.Begin(subject, onTerminal: true);
        play.Await("listening");
        play.Tell("saves-fail");
        play.Await("saves-fail");
        play.Type(save);
        play.Type("x"u8.ToArray());
        play.Await("sent 78");
        CheckRun.Require(!play.Events.Contains("returned"), "it returned after a failed save");
        play.Output("still here"u8.ToArray());
        play.Await("shown");
    }

    public static void PassSize(FrontEndSubject subject, CheckRun run)
    {
        Streams.RequireStreams(subject);
        using Play play = Play.Begin(subject, onTerminal: true);
        play.Await("listening");
        play.Await("resize 120 40");
    }

    public static void AreRestored(FrontEndSubject subject, CheckRun run)
    {
        Streams.RequireStreams(subject);
        foreach (string how in new[] { "end PowerOff", "cancel", "end Crash" })
        {
            using Play play = Play.Begin(subject, onTerminal: true);
            play.Await("listening");
            Thread.Sleep(MomentMs);
            play.Tell(how);
            play.AwaitReturn();
            (string before, string after) = play.Modes();
            CheckRun.Require(before == after,
                $"after '{how}' the terminal's mode is {after.Trim()}, it was {before.Trim()}");
        }
    }
}
