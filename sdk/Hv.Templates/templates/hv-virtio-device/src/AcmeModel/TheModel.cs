using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace AcmeModel;

/// <summary>Gives text back in capitals: each buffer has a part to read and a part to write.</summary>
public sealed class TheModel : IDevice, IVirtioDevice, IStateful, IAcpiContributor
{
    private const ushort DeviceId = 63;
    private const uint OtherClass = 0x00_ff00; // virtio 1.2, 4.1.2: no PCI class fits
    private const ushort QueueSize = 64;
    private const int MaximumBytes = 4096;     // bounds the work that one buffer can ask for
    private const int PieceBytes = 256;

    private readonly VirtioChain chain = new();
    private TheModelState state = new();
    private VirtioEndpoint endpoint = null!;

    /// <inheritdoc/>
    public string StateId => TheModelState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => TheModelState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => TheModelState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context) => endpoint = new VirtioEndpoint(context, this, new VirtioModel
    {
        DeviceId = DeviceId,
        PciClass = OtherClass,
        Features = 0,
        QueueSizes = [QueueSize],
        ConfigBytes = 0,
    });

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new TheModelState();
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = TheModelState.Load(reader);
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);
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
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (queue.TryPop(chain))
        {
            uint written = 0;
            while (written < MaximumBytes && chain.ReadableBytes > 0 && chain.WritableBytes > 0)
            {
                Span<byte> text =
                    piece[..(int)Math.Min(Math.Min(chain.ReadableBytes, chain.WritableBytes), PieceBytes)];
                bool isRam = chain.TryTake(endpoint.Dma, text);
                Capitalize(text);
                if (!isRam || !chain.TryPut(endpoint.Dma, text))
                {
                    endpoint.Fail("a buffer is not in RAM");
                    return;
                }

                written += (uint)text.Length;
            }

            queue.Complete(chain.Token, written);
        }

        queue.Flush();
    }

    private static void Capitalize(Span<byte> text)
    {
        foreach (ref byte letter in text)
        {
            if (letter is >= (byte)'a' and <= (byte)'z') letter -= 'a' - 'A';
        }
    }
}
