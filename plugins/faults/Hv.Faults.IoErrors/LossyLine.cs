using Hv.Sdk.Chars;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;

namespace Hv.Faults.IoErrors;

/// <summary>A serial line that loses characters. Each character is an opportunity, however many are sent at
/// once.</summary>
internal sealed class LossyLine(ICharPort inner, IoOperation operation, IFaultScope scope) : ForwardingCharPort(inner)
{
    private readonly bool losesSent = operation is IoOperation.Any or IoOperation.Send;
    private readonly bool losesReceived = operation is IoOperation.Any or IoOperation.Receive;

    public override bool TrySend(byte value)
    {
        if (!losesSent || !scope.Strikes()) return base.TrySend(value);
        scope.Fired("a sent character was lost");
        return true;
    }

    public override int TrySend(ReadOnlySpan<byte> values)
    {
        if (!losesSent) return base.TrySend(values);
        int taken = 0;
        while (taken < values.Length && TrySend(values[taken])) taken++;
        return taken;
    }

    public override int Receive(ReadOnlySpan<byte> values)
    {
        if (!losesReceived) return base.Receive(values);
        int taken = 0;
        while (taken < values.Length && ReceiveOne(values.Slice(taken, 1))) taken++;
        return taken;
    }

    private bool ReceiveOne(ReadOnlySpan<byte> value)
    {
        if (!scope.Strikes()) return base.Receive(value) == 1;
        scope.Fired("a received character was lost");
        return true;
    }
}
