namespace Hv.Serial.VirtioConsole;

/// <summary>Features (virtio 1.2, 5.3.3).</summary>
internal static class ConsoleFeature
{
    public const ulong Size = 1ul << 0;           // VIRTIO_CONSOLE_F_SIZE
    public const ulong EmergencyWrite = 1ul << 2; // VIRTIO_CONSOLE_F_EMERG_WRITE
}

/// <summary>Device configuration (virtio 1.2, 5.3.4).</summary>
internal static class ConsoleConfig
{
    //                     name           offset   size
    public const int Columns            = 0;   //  2
    public const int Rows               = 2;   //  2
    public const int PortCount          = 4;   //  4, not offered: one port
    public const int EmergencyWrite     = 8;   //  4, write only
    public const int Bytes              = 12;
}

/// <summary>Queues (virtio 1.2, 5.3.2).</summary>
internal static class ConsoleQueue
{
    public const int Receive = 0;
    public const int Transmit = 1;
}
