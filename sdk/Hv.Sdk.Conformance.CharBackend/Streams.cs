using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>What a stream does.</summary>
internal static class Streams
{
    private const int Bytes = 64 * 1024;
    private const int ManyBytes = 1 << 20;
    private const int MostUnread = 64 << 20;

    public static void IsDescribed(CharSubject subject, CheckRun run) =>
        Description.RequireComplete<CharBackendAttribute>(subject.Backend, subject.Backend.Options);

    public static void RefusesBadTargets(CharSubject subject, CheckRun run)
    {
        if (subject.BadOptions.Count == 0) CheckRun.NotApplicable(
            "no options are known that must be refused: give the subject BadOptions");
        foreach (IReadOnlyDictionary<string, string> bad in subject.BadOptions)
        {
            string typed = string.Join(',', bad.Select(o => $"{o.Key}={o.Value}"));
            try
            {
                subject.Backend.Open(subject.Bind(bad), new TestKit.Fakes.BenchLog()).Dispose();
            }
            catch (ConfigurationException e)
            {
                CheckRun.Require(e.Message.Length > 0 && e.Option is not null,
                    $"{typed}: refused without a message or without the option's name");
                continue;
            }
            catch (Exception e)
            {
                throw new ContractException(
                    $"{typed}: {e.GetType().Name} instead of a ConfigurationException: {e.Message}", e);
            }
            CheckRun.Fail($"{typed} is taken");
        }
    }

    public static void CarriesOutput(CharSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(2))
        {
            using CharLine line = CharLine.Open(subject);
            Random random = new(seed);
            byte[] sent = Noise(random, Bytes);
            for (int at = 0; at < sent.Length;)
            {
                int piece = Math.Min(random.Next(1, random.Next(2) == 0 ? 16 : 5000), sent.Length - at);
                line.WriteAll(sent.AsMemory(at, piece));
                at += piece;
            }
            RequireSame(sent, () => line.Peer.Received, "at the other side");
        }
    }

    public static void CarriesInput(CharSubject subject, CheckRun run)
    {
        foreach (int seed in run.Seeds(2))
        {
            using CharLine line = CharLine.Open(subject);
            if (!line.Peer.CanSend) CheckRun.NotApplicable("its other side sends nothing");
            byte[] sent = Noise(new Random(seed), Bytes);
            Patience.Returns(() => line.Peer.Send(sent), "sending");
            RequireSame(sent, () => line.Arrived, "at the guest");
        }
    }

    public static void NeverWaits(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        if (!line.Peer.CanStall) CheckRun.NotApplicable("its other side always takes everything");
        line.Peer.IsStalled = true;
        _ = WriteUntilFull(line);
    }

    /// <summary>Writes until less is taken than was given; everything that was taken.</summary>
    private static List<byte> WriteUntilFull(CharLine line)
    {
        List<byte> taken = [];
        byte[] piece = Noise(new Random(1), Bytes);
        bool isFull = false;
        Patience.Returns(() =>
        {
            while (!isFull && taken.Count < MostUnread)
            {
                int count = line.Stream.Write(piece);
                taken.AddRange(piece.AsSpan(0, count));
                isFull = count < piece.Length;
            }
        }, "Write, while the other side takes nothing,");
        CheckRun.Require(isFull,
            $"{MostUnread >> 20} MiB were taken that nobody reads: it holds whatever it is given, or drops it");
        return taken;
    }

    public static void SaysWhenWritable(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        if (!line.Peer.CanStall) CheckRun.NotApplicable("its other side always takes everything");
        line.Peer.IsStalled = true;
        int heard = line.Writable;
        List<byte> sent = WriteUntilFull(line);
        line.Peer.IsStalled = false;
        Patience.Until(() => line.Writable > heard, "'writable', after a short write and the other side reads again");
        byte[] rest = Noise(new Random(2), ManyBytes);
        line.WriteAll(rest);
        sent.AddRange(rest);
        RequireSame([.. sent], () => line.Peer.Received, "at the other side");
    }

    public static void WaitsForTheGuest(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        if (!line.Peer.CanSend) CheckRun.NotApplicable("its other side sends nothing");
        byte[] sent = Noise(new Random(1), ManyBytes);
        line.GuestTakes = false;
        Thread sender = new(() => line.Peer.Send(sent)) { IsBackground = true };
        sender.Start();
        Thread.Sleep(20);
        CheckRun.Require(line.Arrived.Length == 0, "bytes arrived while the guest takes none");
        line.GuestTakes = true;
        RequireSame(sent, () => line.Arrived, "at the guest");
    }

    public static void TakesNothing(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        CheckRun.Require(line.Stream.Write([]) == 0, "a write of nothing took something");
        line.WriteAll("x"u8.ToArray());
        RequireSame("x"u8.ToArray(), () => line.Peer.Received, "at the other side");
    }

    public static void SurvivesLeaving(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        line.WriteAll("before"u8.ToArray());
        line.Peer.Leave();
        Patience.Returns(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                _ = line.Stream.Write(new byte[1000]);
                Thread.Yield();
            }
        }, "Write, after the other side left,");
        Patience.Returns(line.Stream.Dispose, "Dispose, after the other side left,");
    }

    public static void DisposesOnce(CharSubject subject, CheckRun run)
    {
        using CharLine line = CharLine.Open(subject);
        line.WriteAll("x"u8.ToArray());
        line.DisposeStream();
        Patience.Returns(line.Stream.Dispose, "a second Dispose");
        try
        {
            if (line.Peer.CanSend) Patience.Returns(() => line.Peer.Send(new byte[100]), "sending");
        }
        catch (ContractException e) when (e.InnerException is IOException or System.Net.Sockets.SocketException)
        {
            // As it should be: there is nobody any more.
        }
        Thread.Sleep(20);
        CheckRun.Require(!line.HasArrivedLate, "bytes arrived after it was disposed");
    }

    private static byte[] Noise(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        for (int i = 0; i < Math.Min(256, length); i++) bytes[i] = (byte)i;
        return bytes;
    }

    private static void RequireSame(byte[] expected, Func<byte[]> arrived, string where)
    {
        Patience.Until(() => arrived().Length >= expected.Length || !expected.AsSpan().StartsWith(arrived()),
            $"{expected.Length} bytes {where}");
        byte[] bytes = arrived();
        int same = bytes.AsSpan().CommonPrefixLength(expected);
        CheckRun.Require(same == expected.Length && bytes.Length == expected.Length,
            $"{bytes.Length} bytes {where} instead of {expected.Length}; the first {same} are right");
    }
}
