using System.Buffers.Binary;

namespace Hv.Network.VirtioNet;

/// <summary>Sends the frames of one connection to one queue (virtio 1.2, 5.1.6.5.5). Allocates nothing.</summary>
internal static class FlowHash
{
    private const int TypeOffset = 12;
    private const int IpOffset = 14;
    private const ushort Ip4 = 0x0800;
    private const ushort Ip6 = 0x86dd;
    private const byte Tcp = 6;
    private const byte Udp = 17;

    /// <summary>A number from addresses and ports of IP, 0 for all else; the same in both directions.</summary>
    public static uint Of(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < IpOffset + 20) return 0;
        ReadOnlySpan<byte> ip = frame[IpOffset..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[TypeOffset..]))
        {
            case Ip4: return Mix(Sum(ip.Slice(12, 8)) ^ Ports(ip, ip[9], (ip[0] & 15) * 4));
            case Ip6 when ip.Length >= 40: return Mix(Sum(ip.Slice(8, 32)) ^ Ports(ip, ip[6], 40));
            default: return 0;
        }
    }

    private static uint Ports(ReadOnlySpan<byte> ip, byte protocol, int at)
    {
        if (protocol is not (Tcp or Udp) || ip.Length < at + 4) return 0;
        return (uint)(BinaryPrimitives.ReadUInt16BigEndian(ip[at..])
            + BinaryPrimitives.ReadUInt16BigEndian(ip[(at + 2)..]));
    }

    private static uint Sum(ReadOnlySpan<byte> words)
    {
        uint sum = 0;
        for (; words.Length >= 4; words = words[4..]) sum += BinaryPrimitives.ReadUInt32BigEndian(words);
        return sum;
    }

    // Multiplication by 2^32 / golden ratio spreads neighbouring numbers (Knuth, TAOCP 6.4).
    private static uint Mix(uint value) => value * 0x9e37_79b9 >> 16;
}
