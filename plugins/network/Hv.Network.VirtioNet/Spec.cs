namespace Hv.Network.VirtioNet;

/// <summary>Features (virtio 1.2, 5.1.3).</summary>
internal static class NetFeature
{
    public const ulong Checksum = 1ul << 0;             // VIRTIO_NET_F_CSUM
    public const ulong GuestChecksum = 1ul << 1;        // VIRTIO_NET_F_GUEST_CSUM
    public const ulong ControlGuestOffloads = 1ul << 2; // VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
    public const ulong Mtu = 1ul << 3;                  // VIRTIO_NET_F_MTU
    public const ulong Mac = 1ul << 5;                  // VIRTIO_NET_F_MAC
    public const ulong GuestTso4 = 1ul << 7;            // VIRTIO_NET_F_GUEST_TSO4
    public const ulong GuestTso6 = 1ul << 8;            // VIRTIO_NET_F_GUEST_TSO6
    public const ulong GuestEcn = 1ul << 9;             // VIRTIO_NET_F_GUEST_ECN
    public const ulong HostTso4 = 1ul << 11;            // VIRTIO_NET_F_HOST_TSO4
    public const ulong HostTso6 = 1ul << 12;            // VIRTIO_NET_F_HOST_TSO6
    public const ulong HostEcn = 1ul << 13;             // VIRTIO_NET_F_HOST_ECN
    public const ulong MergeableBuffers = 1ul << 15;    // VIRTIO_NET_F_MRG_RXBUF
    public const ulong Status = 1ul << 16;              // VIRTIO_NET_F_STATUS
    public const ulong ControlQueue = 1ul << 17;        // VIRTIO_NET_F_CTRL_VQ
    public const ulong ControlReceive = 1ul << 18;      // VIRTIO_NET_F_CTRL_RX
    public const ulong ControlVlan = 1ul << 19;         // VIRTIO_NET_F_CTRL_VLAN
    public const ulong ControlReceiveExtra = 1ul << 20; // VIRTIO_NET_F_CTRL_RX_EXTRA
    public const ulong MultiQueue = 1ul << 22;          // VIRTIO_NET_F_MQ
    public const ulong ControlMacAddress = 1ul << 23;   // VIRTIO_NET_F_CTRL_MAC_ADDR

    /// <summary>Offloads that the driver takes and may turn off and on again (5.1.6.5.6).</summary>
    public const ulong GuestOffloads = GuestChecksum | GuestTso4 | GuestTso6 | GuestEcn;
}

/// <summary>Device configuration (virtio 1.2, 5.1.4).</summary>
internal static class NetConfig
{
    //                     name            offset   size
    public const int Mac                 = 0;   //  6
    public const int Status              = 6;   //  2
    public const int MaximumPairs        = 8;   //  2
    public const int Mtu                 = 10;  //  2
    public const int Bytes               = 12;

    /// <summary>VIRTIO_NET_S_LINK_UP.</summary>
    public const ushort LinkUp = 1;
}

/// <summary>The header before every frame (virtio 1.2, 5.1.6).</summary>
internal static class NetHeader
{
    //                     name            offset   size
    public const int Flags               = 0;   //  1
    public const int SegmentationType    = 1;   //  1
    public const int HeaderLength        = 2;   //  2
    public const int SegmentSize         = 4;   //  2
    public const int ChecksumStart       = 6;   //  2
    public const int ChecksumOffset      = 8;   //  2
    public const int BufferCount         = 10;  //  2
    public const int Bytes               = 12;

    public const byte NeedsChecksum = 1;
    public const byte DataValid = 2;
    public const byte NoSegmentation = 0;
    public const byte Tcp4 = 1;
    public const byte Tcp6 = 4;
    public const byte Ecn = 0x80;
}

/// <summary>Commands of the control queue: class and command (virtio 1.2, 5.1.6.5).</summary>
internal static class NetControl
{
    public const int Promiscuous = 0x00_00;   // 5.1.6.5.1
    public const int AllMulticast = 0x00_01;
    public const int AllUnicast = 0x00_02;
    public const int NoMulticast = 0x00_03;
    public const int NoUnicast = 0x00_04;
    public const int NoBroadcast = 0x00_05;
    public const int MacTableSet = 0x01_00;   // 5.1.6.5.2
    public const int MacAddressSet = 0x01_01;
    public const int VlanAdd = 0x02_00;       // 5.1.6.5.3
    public const int VlanDelete = 0x02_01;
    public const int PairsSet = 0x04_00;      // 5.1.6.5.5
    public const int OffloadsSet = 0x05_00;   // 5.1.6.5.6

    public const byte Ok = 0;
    public const byte Error = 1;
}
