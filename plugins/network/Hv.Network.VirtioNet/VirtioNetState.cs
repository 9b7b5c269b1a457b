using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Network.VirtioNet;

/// <summary>Everything of the device that changes.</summary>
[DeviceState("virtio-net", 1)]
public sealed partial class VirtioNetState
{
    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
    /// <summary>The address that the card was built with.</summary>
    [Field(2)] public byte[] PermanentMac = new byte[6];
    /// <summary>The address that it answers to.</summary>
    [Field(3)] public byte[] Mac = new byte[6];
    /// <summary>Pairs of queues that the driver uses.</summary>
    [Field(4)] public ushort Pairs = 1;
    /// <summary>Offloads of received frames that the driver takes now.</summary>
    [Field(5)] public ulong GuestOffloads;
    /// <summary>Which frames are received.</summary>
    [Field(6)] public ReceiveFilter Filter = new();
    /// <summary>Frames that were dropped because the driver's request or buffers made no sense.</summary>
    [Field(7)] public ulong Dropped;
}
