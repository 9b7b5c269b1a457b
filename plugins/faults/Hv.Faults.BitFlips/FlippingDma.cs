using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Memory;

namespace Hv.Faults.BitFlips;

/// <summary>A bus master's data changes on its way. Guest memory itself stays right when the device reads.</summary>
internal sealed class FlippingDma(IDmaSpace inner, BitFlipsOptions options, IFaultScope scope)
    : ForwardingDmaSpace(inner)
{
    private readonly BitFlipsOptions options = options;
    private readonly IFaultScope scope = scope;

    public override bool TryRead(GuestPhysicalAddress address, Span<byte> to)
    {
        if (!base.TryRead(address, to)) return false;
        if (IsHit(address, to.Length, DmaAccess.Read)) Report(Flip.Bytes(to, options, scope), "read", address);
        return true;
    }

    public override bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from)
    {
        if (!IsHit(address, from.Length, DmaAccess.Write)) return base.TryWrite(address, from);
        byte[] bytes = from.ToArray();
        string evidence = Flip.Bytes(bytes, options, scope);
        if (!base.TryWrite(address, bytes)) return false;
        Report(evidence, "write", address);
        return true;
    }

    public override bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access,
        out DmaWindow window)
    {
        if (!IsHit(address, lengthBytes, access)) return base.TryWindow(address, lengthBytes, access, out window);
        return new FlippedCopy(this, address, lengthBytes, access).TryOpen(out window);
    }

    public override bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease)
    {
        if (!IsHit(address, lengthBytes, access)) return base.TryLease(address, lengthBytes, access, out lease);
        FlippedCopy copy = new(this, address, lengthBytes, access);
        lease = copy;
        return copy.TryFill();
    }

    public override bool TryReadUInt16(GuestPhysicalAddress address, out ushort value)
    {
        if (!base.TryReadUInt16(address, out value)) return false;
        if (IsHit(address, sizeof(ushort), DmaAccess.Read)) value = Flipped(address, value, "read");
        return true;
    }

    public override bool TryWriteUInt16(GuestPhysicalAddress address, ushort value) =>
        base.TryWriteUInt16(address, IsHit(address, sizeof(ushort), DmaAccess.Write)
            ? Flipped(address, value, "write") : value);

    private ushort Flipped(GuestPhysicalAddress address, ushort value, string what)
    {
        ushort flipped = (ushort)(value ^ Flip.Mask(sizeof(ushort), options, scope));
        scope.Fired($"{what} of 2 bytes at {address}: 0x{value:x} became 0x{flipped:x}");
        return flipped;
    }

    private bool IsHit(GuestPhysicalAddress address, int lengthBytes, DmaAccess access)
    {
        DmaAccess meant = options.Direction switch
        {
            FlipDirection.Read => DmaAccess.Read,
            FlipDirection.Write => DmaAccess.Write,
            _ => DmaAccess.Read | DmaAccess.Write,
        };
        return lengthBytes > 0 && (access & meant) != 0 && options.Covers(address.Value, (ulong)lengthBytes)
            && scope.Strikes();
    }

    private void Report(string evidence, string what, GuestPhysicalAddress address) =>
        scope.Fired($"{what} at {address}: {evidence}");

    private sealed class FlippedCopy(FlippingDma owner, GuestPhysicalAddress address, int lengthBytes, DmaAccess access)
        : DmaCopy(owner.Inner, address, lengthBytes, access)
    {
        private readonly GuestPhysicalAddress address = address;
        private readonly bool flipsReads = (access & DmaAccess.Write) == 0
            || owner.options.Direction == FlipDirection.Read;

        protected override void Read(Span<byte> guest)
        {
            if (flipsReads) owner.Report(Flip.Bytes(guest, owner.options, owner.scope), "read", address);
        }

        protected override ReadOnlySpan<byte> Wrote(Span<byte> guest)
        {
            if (!flipsReads) owner.Report(Flip.Bytes(guest, owner.options, owner.scope), "write", address);
            return guest;
        }
    }
}
