using System.Buffers.Binary;
using Hv.Sdk.Net;
using Hv.Sdk.Virtio;

namespace Hv.Network.VirtioNet;

/// <summary>Between the header before a frame and what the SDK says of a frame (virtio 1.2, 5.1.6). Allocates
/// nothing.</summary>
internal static class Offload
{
    /// <summary>Reads and checks a header of the driver; false when it asks for something that was not agreed on or
    /// makes no sense (5.1.6.2.1).</summary>
    public static bool TryParse(ReadOnlySpan<byte> header, int frameBytes, VirtioEndpoint endpoint, out FrameInfo info)
    {
        info = new FrameInfo
        {
            NeedsChecksum = (header[NetHeader.Flags] & NetHeader.NeedsChecksum) != 0,
            SegmentationType = header[NetHeader.SegmentationType],
            HeaderBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[NetHeader.HeaderLength..]),
            SegmentBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[NetHeader.SegmentSize..]),
            ChecksumStart = BinaryPrimitives.ReadUInt16LittleEndian(header[NetHeader.ChecksumStart..]),
            ChecksumOffset = BinaryPrimitives.ReadUInt16LittleEndian(header[NetHeader.ChecksumOffset..]),
        };
        if (info.NeedsChecksum
            && !(endpoint.Has(NetFeature.Checksum) && IsChecksumInside(info, frameBytes))) return false;
        if (info.SegmentationType == NetHeader.NoSegmentation) return true;
        ulong feature = (info.SegmentationType & ~NetHeader.Ecn) switch
        {
            NetHeader.Tcp4 => NetFeature.HostTso4,
            NetHeader.Tcp6 => NetFeature.HostTso6,
            _ => 0,
        };
        return endpoint.Has(feature) && info.NeedsChecksum && info.SegmentBytes != 0
            && ((info.SegmentationType & NetHeader.Ecn) == 0 || endpoint.Has(NetFeature.HostEcn));
    }

    /// <summary>Writes the header of a received frame.</summary>
    public static void Write(Span<byte> header, in FrameInfo info, int buffers)
    {
        header.Clear();
        header[NetHeader.Flags] = info.NeedsChecksum ? NetHeader.NeedsChecksum : info.ChecksumIsValid
            ? NetHeader.DataValid : (byte)0;
        header[NetHeader.SegmentationType] = info.SegmentationType;
        BinaryPrimitives.WriteUInt16LittleEndian(header[NetHeader.HeaderLength..], info.HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[NetHeader.SegmentSize..], info.SegmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[NetHeader.ChecksumStart..], info.ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(header[NetHeader.ChecksumOffset..], info.ChecksumOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(header[NetHeader.BufferCount..], (ushort)buffers);
    }

    /// <summary>Whether the driver takes a frame that is still to be segmented in this way.</summary>
    public static bool CanTake(in FrameInfo info, ulong guestOffloads)
    {
        ulong needed = (info.SegmentationType & ~NetHeader.Ecn) switch
        {
            NetHeader.NoSegmentation => 0,
            NetHeader.Tcp4 => NetFeature.GuestTso4,
            NetHeader.Tcp6 => NetFeature.GuestTso6,
            _ => ulong.MaxValue,
        };
        if ((info.SegmentationType & NetHeader.Ecn) != 0) needed |= NetFeature.GuestEcn;
        return (needed & ~guestOffloads) == 0;
    }

    /// <summary>Puts the checksum where the other side left it out (RFC 1071; a UDP checksum of zero is sent as ones,
    /// RFC 768).</summary>
    public static bool TryFillChecksum(Span<byte> frame, in FrameInfo info)
    {
        if (!IsChecksumInside(info, frame.Length)) return false;
        ReadOnlySpan<byte> summed = frame[info.ChecksumStart..];
        uint sum = 0;
        for (; summed.Length >= 2; summed = summed[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(summed);
        if (summed.Length == 1) sum += (uint)summed[0] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
        ushort checksum = (ushort)~((sum & 0xffff) + (sum >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(
            frame[(info.ChecksumStart + info.ChecksumOffset)..], checksum == 0 ? (ushort)0xffff : checksum);
        return true;
    }

    private static bool IsChecksumInside(in FrameInfo info, int frameBytes) =>
        info.ChecksumStart + info.ChecksumOffset + 2 <= frameBytes;
}
