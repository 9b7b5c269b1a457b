using System.Buffers.Binary;
using Hv.Sdk.State;

namespace Hv.Network.VirtioNet;

/// <summary>Which frames the driver wants (virtio 1.2, 5.1.6.5.1 to 5.1.6.5.3). Everything until it says
/// otherwise.</summary>
[DeviceState("virtio-net-filter", 1)]
public sealed partial class ReceiveFilter
{
    /// <summary>Addresses of each kind that are told apart; a driver that sets more gets all of that kind.</summary>
    public const int Capacity = 32;
    /// <summary>Bytes of an address.</summary>
    public const int MacBytes = 6;
    private const int VlanTag = 0x8100;
    private const int TypeOffset = 2 * MacBytes;

    /// <summary>All frames.</summary>
    [Field(1)] public bool IsPromiscuous = true;
    /// <summary>All multicast frames.</summary>
    [Field(2)] public bool AllMulticast;
    /// <summary>All unicast frames.</summary>
    [Field(3)] public bool AllUnicast;
    /// <summary>No multicast frames.</summary>
    [Field(4)] public bool NoMulticast;
    /// <summary>No unicast frames.</summary>
    [Field(5)] public bool NoUnicast;
    /// <summary>No broadcast frames.</summary>
    [Field(6)] public bool NoBroadcast;
    /// <summary>Further unicast addresses, one after the other.</summary>
    [Field(7)] public byte[] Unicast = new byte[Capacity * MacBytes];
    /// <summary>How many.</summary>
    [Field(8, Maximum = Capacity)] public byte UnicastCount;
    /// <summary>Multicast addresses, one after the other.</summary>
    [Field(9)] public byte[] Multicast = new byte[Capacity * MacBytes];
    /// <summary>How many.</summary>
    [Field(10, Maximum = Capacity)] public byte MulticastCount;
    /// <summary>More unicast addresses were set than there is room for.</summary>
    [Field(11)] public bool UnicastOverflowed;
    /// <summary>More multicast addresses were set than there is room for.</summary>
    [Field(12)] public bool MulticastOverflowed;
    /// <summary>A bit for each VLAN that is received; used once the driver negotiated filtering.</summary>
    [Field(13)] public ulong[] Vlans = new ulong[4096 / 64];

    /// <summary>Back to power-on, in place.</summary>
    public void Clear()
    {
        IsPromiscuous = true;
        AllMulticast = AllUnicast = NoMulticast = NoUnicast = NoBroadcast = UnicastOverflowed = MulticastOverflowed =
            false;
        UnicastCount = MulticastCount = 0;
        Array.Clear(Unicast);
        Array.Clear(Multicast);
        Array.Clear(Vlans);
    }

    /// <summary>Lets a VLAN in or keeps it out.</summary>
    public void SetVlan(int vlan, bool isIn)
    {
        ulong bit = 1ul << (vlan & 63);
        Vlans[vlan >> 6 & 63] = isIn ? Vlans[vlan >> 6 & 63] | bit : Vlans[vlan >> 6 & 63] & ~bit;
    }

    /// <summary>Whether the driver wants a frame. Hot path: allocates nothing.</summary>
    public bool Accepts(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> mac, bool filtersVlans)
    {
        if (frame.Length < TypeOffset + 2) return false;
        if (filtersVlans && !IsVlanIn(frame)) return false;
        if (IsPromiscuous) return true;
        ReadOnlySpan<byte> to = frame[..MacBytes];
        if ((to[0] & 1) == 0)
        {
            return !NoUnicast && (
                AllUnicast || UnicastOverflowed || to.SequenceEqual(mac) || IsIn(Unicast, UnicastCount, to));
        }
        bool isBroadcast = to.IndexOfAnyExcept((byte)0xff) < 0;
        return isBroadcast ? !NoBroadcast : !NoMulticast
            && (AllMulticast || MulticastOverflowed || IsIn(Multicast, MulticastCount, to));
    }

    private bool IsVlanIn(ReadOnlySpan<byte> frame)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[TypeOffset..]) != VlanTag
            || frame.Length < TypeOffset + 4) return true;
        int vlan = BinaryPrimitives.ReadUInt16BigEndian(frame[(TypeOffset + 2)..]) & 0xfff;
        return (Vlans[vlan >> 6] >> (vlan & 63) & 1) != 0;
    }

    private static bool IsIn(byte[] table, int count, ReadOnlySpan<byte> mac)
    {
        for (int i = 0; i < count; i++)
        {
            if (mac.SequenceEqual(table.AsSpan(i * MacBytes, MacBytes))) return true;
        }
        return false;
    }
}
