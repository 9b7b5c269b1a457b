using Hv.Sdk.Chars;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;

namespace Hv.Faults.BitFlips;

/// <summary>A serial line that damages characters. Each is an opportunity, however many are sent at once.</summary>
internal sealed class FlippingLine(ICharPort inner, BitFlipsOptions options, IFaultScope scope)
    : ForwardingCharPort(inner)
{
    public override bool TrySend(byte value) => base.TrySend(Flipped(value, FlipDirection.Write));

    public override int TrySend(ReadOnlySpan<byte> values)
    {
        int taken = 0;
        while (taken < values.Length && TrySend(values[taken])) taken++;
        return taken;
    }

    public override int Receive(ReadOnlySpan<byte> values)
    {
        int taken = 0;
        for (; taken < values.Length; taken++)
        {
            byte value = Flipped(values[taken], FlipDirection.Read);
            if (base.Receive(new ReadOnlySpan<byte>(in value)) == 0) break;
        }
        return taken;
    }

    private byte Flipped(byte value, FlipDirection way)
    {
        if ((options.Direction != FlipDirection.Any && options.Direction != way) || !scope.Strikes()) return value;
        byte flipped = (byte)(value ^ Flip.Mask(1, options, scope));
        scope.Fired(
            $"a {(way == FlipDirection.Read ? "received" : "sent")} character: 0x{value:x2} became 0x{flipped:x2}");
        return flipped;
    }
}
