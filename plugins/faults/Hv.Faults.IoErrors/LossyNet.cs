using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Net;

namespace Hv.Faults.IoErrors;

/// <summary>A network that loses frames: the sender is told nothing, as on a wire.</summary>
internal sealed class LossyNet(INetPort inner, IoOperation operation, IFaultScope scope) : ForwardingNetPort(inner)
{
    private readonly bool losesSent = operation is IoOperation.Any or IoOperation.Send;
    private readonly bool losesReceived = operation is IoOperation.Any or IoOperation.Receive;

    public override bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (!losesSent || !scope.Strikes()) return base.TrySend(frame, info);
        scope.Fired($"a sent frame of {frame.Length} bytes was lost");
        return true;
    }

    public override bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (!losesReceived || !scope.Strikes()) return base.Receive(frame, info);
        scope.Fired($"a received frame of {frame.Length} bytes was lost");
        return true;
    }
}
