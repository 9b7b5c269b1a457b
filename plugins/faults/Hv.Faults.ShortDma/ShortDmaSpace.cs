using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Memory;

namespace Hv.Faults.ShortDma;

/// <summary>A bus master's view of memory in which transfers stop short: a read gives zeroes from there on, a write
/// leaves memory as it was.</summary>
internal sealed class ShortDmaSpace(IDmaSpace inner, ShortDmaOptions options, IFaultScope scope)
    : ForwardingDmaSpace(inner)
{
    public override bool TryRead(GuestPhysicalAddress address, Span<byte> to)
    {
        if (!IsHit(address, to.Length, DmaAccess.Read, out int through)) return base.TryRead(address, to);
        if (!base.TryRead(address, to[..through])) return false;
        to[through..].Clear();
        return Report("read", address, to.Length, through);
    }

    public override bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from)
    {
        if (!IsHit(address, from.Length, DmaAccess.Write, out int through)) return base.TryWrite(address, from);
        if (!base.TryWrite(address, from[..through])) return false;
        return Report("write", address, from.Length, through);
    }

    public override bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access,
        out DmaWindow window)
    {
        if (!IsHit(address, lengthBytes, access, out int through))
            return base.TryWindow(address, lengthBytes, access, out window);
        window = default;
        // A failed window has let nothing through; there is no half of one.
        if (!Report("window", address, lengthBytes, options.Report ? 0 : through)) return false;
        return new ShortCopy(Inner, address, lengthBytes, access, through).TryOpen(out window);
    }

    public override bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease)
    {
        if (!IsHit(address, lengthBytes, access, out int through))
            return base.TryLease(address, lengthBytes, access, out lease);
        ShortCopy copy = new(Inner, address, lengthBytes, access, through);
        lease = copy;
        return Report("lease", address, lengthBytes, options.Report ? 0 : through) && copy.TryFill();
    }

    public override bool TryReadUInt16(GuestPhysicalAddress address, out ushort value)
    {
        if (!base.TryReadUInt16(address, out value)) return false;
        if (!IsHit(address, sizeof(ushort), DmaAccess.Read, out int through)) return true;
        value = through == 0 ? (ushort)0 : (ushort)(value & 0xff);
        return Report("read", address, sizeof(ushort), through);
    }

    public override bool TryWriteUInt16(GuestPhysicalAddress address, ushort value)
    {
        if (!IsHit(address, sizeof(ushort), DmaAccess.Write, out int through))
            return base.TryWriteUInt16(address, value);
        if (through != 0) base.TryWrite(address, [(byte)value]);
        return Report("write", address, sizeof(ushort), through);
    }

    private bool IsHit(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out int through)
    {
        through = (int)Math.Min(options.Bytes, int.MaxValue);
        DmaAccess meant = options.Direction switch
        {
            TransferDirection.Read => DmaAccess.Read,
            TransferDirection.Write => DmaAccess.Write,
            _ => DmaAccess.Read | DmaAccess.Write,
        };
        ulong end = address.Value + (ulong)Math.Max(0, lengthBytes);
        bool isThere = end > options.Address
            && (options.Length == 0 || address.Value < options.Address + options.Length);
        return lengthBytes > through && (access & meant) != 0 && isThere && scope.Strikes();
    }

    /// <summary>Says what happened; gives what the device is told.</summary>
    private bool Report(string what, GuestPhysicalAddress address, int lengthBytes, int through)
    {
        scope.Fired($"{what} of {lengthBytes} bytes at {address} stopped after {through}"
            + (options.Report ? ", and the device was told" : ", and the device was not told"));
        return !options.Report;
    }

    private sealed class ShortCopy(IDmaSpace inner, GuestPhysicalAddress address, int lengthBytes, DmaAccess access,
        int through)
        : DmaCopy(inner, address, lengthBytes, access)
    {
        protected override void Read(Span<byte> guest) => guest[through..].Clear();
        protected override ReadOnlySpan<byte> Wrote(Span<byte> guest) => guest[..through];
    }
}
