using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Net;

/// <summary>What an end is, and how it comes and goes.</summary>
internal static class Endpoints
{
    public static void IsDescribed(NetSubject subject, CheckRun run) =>
        Description.RequireComplete<NetBackendAttribute>(subject.Backend, subject.Backend.Options);

    public static void TakesSpuriousCalls(NetSubject subject, CheckRun run)
    {
        RecordingLink link = new();
        using INetEndpoint end = subject.Open(link);
        for (int i = 0; i < 10; i++)
        {
            end.Flush();
            end.ReadyToReceive();
        }
        CheckRun.Require(link.Count == 0 || subject.Reflection is null, "it delivers frames that nobody sent");
        if (subject.Reflection is null) return;
        byte[] frame = Frames.Noise(new Random(1), 60);
        CheckRun.Require(end.Send(frame, default), "a frame after them is refused");
        end.Flush();
        Patience.Until(() => link.Count == 1, "the frame after spurious calls");
    }

    public static void ShareNothing(NetSubject subject, CheckRun run)
    {
        if (subject.Reflection is null) CheckRun.NotApplicable(
            "nothing is known about the other side: two ends may be on one network");
        RecordingLink mine = new(), theirs = new();
        using INetEndpoint myEnd = subject.Open(mine);
        using INetEndpoint theirEnd = subject.Open(theirs);
        byte[] frame = Frames.Noise(new Random(1), 200);
        CheckRun.Require(myEnd.Send(frame, default), "a frame is refused while there is room");
        myEnd.Flush();
        theirEnd.Flush();
        Patience.Until(() => mine.Count == 1, "the frame");
        CheckRun.Require(theirs.Count == 0, "a frame arrived at another card");
    }

    public static void DisposeOnce(NetSubject subject, CheckRun run)
    {
        RecordingLink link = new() { Room = 0 };
        INetEndpoint end = subject.Open(link);
        for (int i = 0; i < 8; i++) _ = end.Send(new byte[60], default);
        end.Flush();
        Patience.Returns(end.Dispose, "Dispose");
        link.Room = int.MaxValue;
        int before = link.Count;
        Patience.Returns(end.Dispose, "a second Dispose");
        Thread.Sleep(5);
        CheckRun.Require(link.Count == before, "it delivers frames after it was disposed");
    }
}
