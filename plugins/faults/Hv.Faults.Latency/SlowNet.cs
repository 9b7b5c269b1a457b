using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Net;
using Hv.Sdk.State;

namespace Hv.Faults.Latency;

/// <summary>A network on which frames take longer, in both directions; with jitter they overtake each other. Frames on
/// their way are lost by a save, as those in the core's own queue are, and when there is no room for them where they
/// arrive.</summary>
internal sealed class SlowNet : ForwardingNetPort, IFaultState
{
    private const int MaxOnTheWay = 4096;

    private readonly IFaultScope scope;
    private readonly DelayLine<Frame> late;
    private int onTheWay;

    private sealed record Frame(byte[] Bytes, FrameInfo Info, bool IsToGuest);

    public SlowNet(INetPort inner, LatencyOptions options, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        late = new DelayLine<Frame>(options, scope, keepsOrder: false, Arrive);
    }

    public override bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info) =>
        TryDelay(frame, info, isToGuest: false) || base.TrySend(frame, info);

    public override bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info) =>
        TryDelay(frame, info, isToGuest: true) || base.Receive(frame, info);

    private bool TryDelay(ReadOnlySpan<byte> frame, in FrameInfo info, bool isToGuest)
    {
        if (onTheWay == MaxOnTheWay || !scope.Strikes()) return false;
        onTheWay++;
        long delay = late.Add(new Frame(frame.ToArray(), info, isToGuest));
        scope.Fired($"a {(isToGuest ? "received" : "sent")} frame of {frame.Length} bytes comes {delay} ns later");
        return true;
    }

    private void Arrive(Frame frame)
    {
        onTheWay--;
        if (!frame.IsToGuest)
        {
            if (Inner.TrySend(frame.Bytes, frame.Info)) Inner.Flush();
            return;
        }
        if (base.Receive(frame.Bytes, frame.Info)) ReceiveFlush();
    }

    public void Reset()
    {
        onTheWay = 0;
        late.Clear();
    }

    public void Save(StateWriter writer)
    {
    }

    public void Load(StateReader reader) => Reset();
}
