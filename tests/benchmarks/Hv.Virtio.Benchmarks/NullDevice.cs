using Hv.Sdk;
using Hv.Sdk.Virtio;

namespace Hv.Virtio.Benchmarks;

/// <summary>Makes devices that take every buffer and give it back.</summary>
[Device("virtio-null")]
internal sealed class NullPlugin : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new NullDevice();
}

/// <summary>Takes every buffer of its queue and gives it back: what remains is the cost of the queue.</summary>
internal sealed class NullDevice : IDevice, IVirtioDevice
{
    private readonly VirtioChain chain = new();
    private VirtioEndpoint endpoint = null!;

    public void Attach(IDeviceContext context) => endpoint = new VirtioEndpoint(context, this, new VirtioModel
    {
        DeviceId = 42,
        PciClass = 0xff_0000,
        Features = VirtioFeature.PackedRing,
        QueueSizes = [256],
        ConfigBytes = 0,
    });

    public void Reset(ResetKind kind) => endpoint.Reset(new VirtioState());

    public void QueueNotified(VirtQueue queue)
    {
        while (queue.TryPop(chain)) queue.Complete(chain.Token, 0);
        queue.Flush();
    }

    public void FillConfig(Span<byte> config) { }
    public void WriteConfig(int offset, ReadOnlySpan<byte> value) { }
    public bool AcceptsFeatures(ulong features) => true;
    public void DriverReady() { }
    public void QueueReset(VirtQueue queue) { }
    public void DriverReset() { }
    public void Dispose() { }
}
