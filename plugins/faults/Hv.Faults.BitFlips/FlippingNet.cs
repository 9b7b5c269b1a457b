using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Net;

namespace Hv.Faults.BitFlips;

/// <summary>A network that damages frames, and does not notice: a frame's checksum is no promise any more.</summary>
internal sealed class FlippingNet(INetPort inner, BitFlipsOptions options, IFaultScope scope) : ForwardingNetPort(inner)
{
    public override bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (options.Direction == FlipDirection.Read || frame.IsEmpty || !scope.Strikes())
            return base.TrySend(frame, info);
        byte[] bytes = frame.ToArray();
        scope.Fired($"sent frame: {Flip.Bytes(bytes, options, scope)}");
        return base.TrySend(bytes, info);
    }

    public override bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (options.Direction == FlipDirection.Write || frame.IsEmpty || !scope.Strikes())
            return base.Receive(frame, info);
        byte[] bytes = frame.ToArray();
        scope.Fired($"received frame: {Flip.Bytes(bytes, options, scope)}");
        return base.Receive(bytes, info.ChecksumIsValid ? default : info);
    }
}
