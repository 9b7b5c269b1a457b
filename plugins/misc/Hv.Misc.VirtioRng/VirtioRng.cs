using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Misc.VirtioRng;

/// <summary>The virtio entropy device (virtio 1.2, 5.4): fills buffers from the machine's randomness. There is no
/// register of its own.</summary>
public sealed class VirtioRng(VirtioRngOptions options) : IDevice, IVirtioDevice, IStateful, IAcpiContributor,
    IInspectable
{
    private const ushort DeviceId = 4;
    private const uint OtherClass = 0x00_ff00; // 4.1.2: no PCI class fits
    private const ushort QueueSize = 64;
    // 5.4.6.2: a buffer may be filled in part. This bounds the work that one descriptor can ask for.
    private const int MaximumBytes = 4096;
    private const int PieceBytes = 256;

    private readonly VirtioChain chain = new();
    private VirtioRngState state = new();
    private VirtioEndpoint endpoint = null!;
    private IEntropy entropy = null!;

    /// <inheritdoc/>
    public string StateId => VirtioRngState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => VirtioRngState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => VirtioRngState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        entropy = context.Entropy;
        endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = DeviceId,
            PciClass = OtherClass,
            Features = options.Packed ? VirtioFeature.PackedRing : 0,
            QueueSizes = [QueueSize],
            ConfigBytes = 0,
        });
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new VirtioRngState();
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = VirtioRngState.Load(reader);
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);
    /// <inheritdoc/>
    public void Inspect(IInspector to) => endpoint.Inspect(to);
    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public void FillConfig(Span<byte> config) { }
    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> value) { }
    /// <inheritdoc/>
    public bool AcceptsFeatures(ulong features) => true;
    /// <inheritdoc/>
    public void DriverReady() { }
    /// <inheritdoc/>
    public void QueueReset(VirtQueue queue) { }
    /// <inheritdoc/>
    public void DriverReset() { }

    /// <summary>Hot path: allocates nothing.</summary>
    public void QueueNotified(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (queue.TryPop(chain))
        {
            uint written = 0;
            while (written < MaximumBytes && chain.WritableBytes > 0)
            {
                Span<byte> random = piece[..(int)Math.Min(chain.WritableBytes, PieceBytes)];
                entropy.Fill(random);
                if (!chain.TryPut(endpoint.Dma, random))
                {
                    endpoint.Fail("a buffer is not in RAM");
                    return;
                }
                written += (uint)random.Length;
            }
            queue.Complete(chain.Token, written);
        }
        queue.Flush();
    }
}
