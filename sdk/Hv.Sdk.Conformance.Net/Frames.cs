using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Net;

/// <summary>What becomes of frames.</summary>
internal static class Frames
{
    private const int MostFullFrames = 8192;
    private const int FloodFrames = 20_000;
    private const int WarmUp = 500;
    private static readonly int[] Lengths =
        [0, 1, 6, 12, 13, 14, 15, 59, 60, 64, 1513, 1514, 1518, 9018, 16_384, 65_535, 65_549, 65_550, 65_551, 65_557,
            65_558, 100_000, 1 << 20];

    internal static byte[] Noise(Random random, int length)
    {
        byte[] frame = new byte[length];
        random.NextBytes(frame);
        return frame;
    }

    private static Func<byte[], byte[]> ReflectionOf(NetSubject subject)
    {
        if (subject.Reflection is null) CheckRun.NotApplicable(
            "nothing is known about the other side: give the subject a Reflection");
        return subject.Reflection;
    }

    public static void ArriveInOrder(NetSubject subject, CheckRun run)
    {
        Func<byte[], byte[]> reflect = ReflectionOf(subject);
        foreach (int seed in run.Seeds(6))
        {
            Random random = new(seed);
            RecordingLink link = new();
            using INetEndpoint end = subject.Open(link);
            List<byte[]> expected = [];
            for (int batch = 0; batch < 20; batch++)
            {
                for (int i = random.Next(1, 65); i > 0; i--)
                {
                    byte[] frame = Noise(random, random.Next(60, 1515));
                    expected.Add(reflect(frame));
                    CheckRun.Require(end.Send(frame, default),
                        $"frame {expected.Count} is refused while there is room");
                }
                end.Flush();
            }
            RequireArrived(link, expected);
        }
    }

    private static void RequireArrived(RecordingLink link, List<byte[]> expected)
    {
        Patience.Until(() => link.Count >= expected.Count, $"{expected.Count} frames, of which {link.Count} came");
        List<(byte[] Bytes, FrameInfo Info)> frames = link.Frames;
        CheckRun.Require(frames.Count == expected.Count, $"{frames.Count} frames arrived instead of {expected.Count}");
        int wrong = frames.Zip(expected).ToList().FindIndex(p => !p.First.Bytes.AsSpan().SequenceEqual(p.Second));
        if (wrong >= 0) CheckRun.Fail(
            $"frame {wrong} changed: {frames[wrong].Bytes.Length} bytes instead of {expected[wrong].Length}");
    }

    public static void KeepOffloads(NetSubject subject, CheckRun run)
    {
        Func<byte[], byte[]> reflect = ReflectionOf(subject);
        foreach (int seed in run.Seeds(2))
        {
            Random random = new(seed);
            RecordingLink link = new();
            using INetEndpoint end = subject.Open(link);
            List<FrameInfo> infos = [];
            for (int i = 0; i < 50; i++)
            {
                FrameInfo info = new()
                {
                    NeedsChecksum = random.Next(2) == 0,
                    ChecksumIsValid = random.Next(2) == 0,
                    ChecksumStart = (ushort)random.Next(14, 60),
                    ChecksumOffset = (ushort)random.Next(0, 20),
                    SegmentationType = (byte)(
                        random.Next(4) switch { 0 => 0, 1 => 1, 2 => 3, _ => 4 } | (random.Next(2) << 7)),
                    SegmentBytes = (ushort)random.Next(536, 1461),
                    HeaderBytes = (ushort)random.Next(54, 120),
                };
                infos.Add(info);
                CheckRun.Require(end.Send(Noise(random, 2000), info), "a frame is refused while there is room");
            }
            end.Flush();
            Patience.Until(() => link.Count == infos.Count, "the frames");
            for (int i = 0; i < infos.Count; i++)
                CheckRun.Require(Fields(link.Frames[i].Info) == Fields(infos[i]),
                    $"frame {i}: {Fields(infos[i])} became {Fields(link.Frames[i].Info)}");
        }
    }

    private static (bool, bool, int, int, int, int, int) Fields(in FrameInfo i) =>
        (i.NeedsChecksum, i.ChecksumIsValid, i.ChecksumStart, i.ChecksumOffset, i.SegmentationType, i.SegmentBytes,
            i.HeaderBytes);

    public static void AreCopied(NetSubject subject, CheckRun run)
    {
        Func<byte[], byte[]> reflect = ReflectionOf(subject);
        Random random = new(1);
        RecordingLink link = new() { Room = 0 };
        using INetEndpoint end = subject.Open(link);
        byte[] buffer = new byte[1000];
        List<byte[]> expected = [];
        for (int i = 0; i < 16; i++)
        {
            // One buffer for all, as a card's: scribbled over between two frames.
            byte[] frame = Noise(random, buffer.Length);
            frame.CopyTo(buffer, 0);
            if (end.Send(buffer, default)) expected.Add(reflect(frame));
            buffer.AsSpan().Fill(0xee);
        }
        end.Flush();
        link.Room = int.MaxValue;
        end.ReadyToReceive();
        byte[] last = Noise(random, buffer.Length);
        Patience.Until(() => end.Send(last, default), "a frame that is taken after there was room");
        expected.Add(reflect(last));
        end.Flush();
        RequireArrived(link, expected);
    }

    public static void SurviveBackpressure(NetSubject subject, CheckRun run)
    {
        Func<byte[], byte[]> reflect = ReflectionOf(subject);
        foreach (int seed in run.Seeds(8))
        {
            Random random = new(seed);
            RecordingLink link = new() { Room = 0 };
            using INetEndpoint end = subject.Open(link);
            List<byte[]> expected = [];
            byte[]? held = null;
            for (int i = 0; i < 400; i++)
            {
                if (random.Next(4) == 0)
                {
                    // The card has taken what it had: room again, and it says so.
                    link.Room = random.Next(1, 12);
                    int heard = link.Ready;
                    end.ReadyToReceive();
                    if (held is not null) Patience.Until(
                        () => link.Ready > heard, "ReadyToSend, after a frame was refused and the card has room again");
                }
                byte[] frame = held ?? Noise(random, random.Next(60, 400));
                bool isTaken = end.Send(frame, default);
                if (isTaken) expected.Add(reflect(frame));
                held = isTaken ? null : frame;
                if (random.Next(3) == 0) end.Flush();
            }
            link.Room = int.MaxValue;
            end.ReadyToReceive();
            end.Flush();
            RequireArrived(link, expected);
        }
    }

    public static void AreBounded(NetSubject subject, CheckRun run)
    {
        RecordingLink link = new() { Room = 0, KeepsFrames = false };
        using INetEndpoint end = subject.Open(link);
        byte[] frame = Noise(new Random(1), 1514);
        int taken = 0;
        for (int i = 0; i < FloodFrames; i++)
        {
            if (end.Send(frame, default)) taken++;
            if (i % 64 == 0) end.Flush();
        }
        link.Room = int.MaxValue;
        end.ReadyToReceive();
        end.Flush();
        Thread.Sleep(5);
        CheckRun.Require(link.Count <= MostFullFrames, $"it held {link.Count} frames for a card that takes none");
        CheckRun.Require(subject.Reflection is null || taken <= MostFullFrames,
            $"it took {taken} frames for a card that takes none");
    }

    public static void AllocateNothing(NetSubject subject, CheckRun run)
    {
        RecordingLink link = new() { KeepsFrames = false };
        using INetEndpoint end = subject.Open(link);
        byte[] frame = Noise(new Random(1), 1514);
        long least = long.MaxValue;

        // What allocates in one pass only was the runtime, starting up.
        for (int pass = 0; pass < 4 && least > 0; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < WarmUp; i++)
            {
                _ = end.Send(frame, default);
                if (i % 16 == 0) end.Flush();
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        CheckRun.Require(least == 0, $"{WarmUp} frames allocate {least} bytes");
    }

    public static void MayHaveAnyLength(NetSubject subject, CheckRun run)
    {
        Random random = new(1);
        RecordingLink link = new();
        using INetEndpoint end = subject.Open(link);
        List<byte[]> sent = [];
        foreach (int length in Lengths)
        {
            byte[] frame = Noise(random, length);
            sent.Add(frame);
            _ = end.Send(frame, default);
            end.Flush();
        }
        if (subject.Reflection is not { } reflect) return;
        byte[] last = Noise(random, 60);
        CheckRun.Require(end.Send(last, default), "a frame after those of odd lengths is refused");
        end.Flush();
        byte[] expectedLast = reflect(last);
        Patience.Until(() => link.Frames is [.., var f] && f.Bytes.AsSpan().SequenceEqual(expectedLast),
            "the frame after those of odd lengths");
        List<byte[]> expected = [.. sent.Select(reflect)];
        foreach ((byte[] bytes, _) in link.Frames.SkipLast(1))
            CheckRun.Require(expected.Exists(e => e.AsSpan().SequenceEqual(bytes)),
                $"a frame of {bytes.Length} bytes arrived that nobody sent: drop odd lengths whole, or pass them on");
    }
}
