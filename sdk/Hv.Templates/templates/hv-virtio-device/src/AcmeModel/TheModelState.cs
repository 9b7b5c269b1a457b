using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace AcmeModel;

/// <summary>Everything of the device that changes: saving is writing it, a reset is a new one.</summary>
[DeviceState("the-model", 1)]
public sealed partial class TheModelState
{
    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
}
