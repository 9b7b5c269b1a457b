using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;

namespace Hv.Faults.BitFlips;

/// <summary>Registers whose values change on their way. A debugger sees the truth.</summary>
internal sealed class FlippingRegisters(IIoHandler inner, BitFlipsOptions options, IFaultScope scope)
    : ForwardingIoHandler(inner)
{
    public override IoStatus Read(in IoAccess access, out ulong value)
    {
        IoStatus status = base.Read(access, out value);
        if (status == IoStatus.Ok && options.Direction != FlipDirection.Write) value = Flipped(access, value, "read");
        return status;
    }

    public override IoStatus Write(in IoAccess access, ulong value) =>
        base.Write(access, options.Direction != FlipDirection.Read ? Flipped(access, value, "write") : value);

    private ulong Flipped(in IoAccess access, ulong value, string what)
    {
        if (access.IsDebug || !options.Covers(access.Offset, access.Size) || !scope.Strikes()) return value;
        ulong flipped = value ^ Flip.Mask(access.Size, options, scope);
        scope.Fired($"{what} of {access.Size} bytes at offset 0x{access.Offset:x}: 0x{value:x} became 0x{flipped:x}");
        return flipped;
    }
}
