using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Misc.VirtioRng;

/// <summary>Everything of the device that changes.</summary>
[DeviceState("virtio-rng", 1)]
public sealed partial class VirtioRngState
{
    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
}
