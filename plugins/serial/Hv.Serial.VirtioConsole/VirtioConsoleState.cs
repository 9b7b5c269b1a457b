using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Serial.VirtioConsole;

/// <summary>Everything of the device that changes.</summary>
[DeviceState("virtio-console", 1)]
public sealed partial class VirtioConsoleState
{
    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
    /// <summary>Width of the terminal in characters; 0 when not known.</summary>
    [Field(2)] public ushort Columns;
    /// <summary>Its height.</summary>
    [Field(3)] public ushort Rows;
    /// <summary>Bytes of the next transmit buffer that the host has taken already.</summary>
    [Field(4)] public uint Sent;
}
