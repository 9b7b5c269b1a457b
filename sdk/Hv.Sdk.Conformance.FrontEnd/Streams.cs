using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>A front-end whose standard streams are pipes.</summary>
internal static class Streams
{
    private const int Pieces = 40;
    private const int FloodBytes = 1 << 20;
    private const int MomentMs = 20, Moments = 40;

    internal static void RequireStreams(FrontEndSubject subject)
    {
        if (!subject.UsesStandardStreams) CheckRun.NotApplicable("it does not use standard input and output");
    }

    public static void ShowOutput(FrontEndSubject subject, CheckRun run)
    {
        RequireStreams(subject);
        foreach (int seed in run.Seeds(1))
        {
            using Play play = Play.Begin(subject);
            play.Await("listening");
            Random random = new(seed);
            List<byte> printed = [];
            for (int i = 0; i < Pieces; i++)
            {
                byte[] piece = new byte[random.Next(1, 3000)];
                random.NextBytes(piece);
                printed.AddRange(piece);
                play.Output(piece);
            }
            Patience.Until(() => play.Events.Count(e => e == "shown") == Pieces, "the output");
            RequireSame(printed, () => play.Screen, "standard output");
        }
    }

    public static void WaitForTheReader(FrontEndSubject subject, CheckRun run)
    {
        RequireStreams(subject);
        using Play play = Play.Begin(subject, readsScreen: false);
        play.Await("listening");
        play.Output(new byte[FloodBytes]);
        for (int i = 0; i < Moments; i++)
        {
            Thread.Sleep(MomentMs);
            CheckRun.Require(!play.Events.Contains("shown"),
                $"{FloodBytes >> 20} MiB were taken as shown while nobody had read any");
        }
        play.ReadOn();
        play.Await("shown");
        RequireSame([.. new byte[FloodBytes]], () => play.Screen, "standard output");
    }

    public static void PassInput(FrontEndSubject subject, CheckRun run)
    {
        RequireStreams(subject);
        foreach (int seed in run.Seeds(1))
        {
            using Play play = Play.Begin(subject);
            play.Await("listening");
            byte[] typed = new byte[20_000];
            new Random(seed).NextBytes(typed);
            play.Type(typed);
            RequireSame([.. typed], () => play.Sent, "the guest");
        }
    }

    private static void RequireSame(List<byte> expected, Func<byte[]> seen, string where)
    {
        byte[] all = [.. expected];
        Patience.Until(() =>
            seen().Length >= all.Length || !all.AsSpan().StartsWith(seen()), $"{all.Length} bytes at {where}");
        byte[] bytes = seen();
        int same = bytes.AsSpan().CommonPrefixLength(all);
        CheckRun.Require(same == all.Length && bytes.Length == all.Length,
            $"{where}: {bytes.Length} bytes instead of {all.Length}; the first {same} are right");
    }
}
