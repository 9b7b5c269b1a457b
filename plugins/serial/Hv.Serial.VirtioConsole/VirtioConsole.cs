using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Chars;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Serial.VirtioConsole;

/// <summary>The virtio console with one port (virtio 1.2, 5.3) on the line in slot <c>chardev</c>; Linux calls it hvc0.
/// Without a line, output is taken and dropped.</summary>
// Deviation: VIRTIO_CONSOLE_F_MULTIPORT is not offered: a second console is a second device.
public sealed class VirtioConsole(VirtioConsoleOptions options)
    : IDevice, IVirtioDevice, ICharListener, IStateful, IAcpiContributor, IInspectable
{
    private const ushort DeviceId = 3;
    private const uint CommunicationClass = 0x07_8000; // other communication controller
    private const ushort QueueSize = 128;
    private const int PieceBytes = 512;
    // A buffer may claim 4 GiB; after so many bytes others on the strand go first.
    private const int BytesAtATime = 64 * 1024;

    private readonly VirtioChain chain = new();
    private VirtioConsoleState state = new();
    private VirtioEndpoint endpoint = null!;
    private ICharPort? port;

    /// <inheritdoc/>
    public string StateId => VirtioConsoleState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => VirtioConsoleState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => VirtioConsoleState.OldestStateVersion;

    private VirtQueue ReceiveQueue => endpoint.Queues[ConsoleQueue.Receive];
    private VirtQueue TransmitQueue => endpoint.Queues[ConsoleQueue.Transmit];

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = DeviceId,
            PciClass = CommunicationClass,
            Features = ConsoleFeature.Size | ConsoleFeature.EmergencyWrite
                | (options.Packed ? VirtioFeature.PackedRing : 0),
            QueueSizes = [QueueSize, QueueSize],
            ConfigBytes = ConsoleConfig.Bytes,
        });
        port = context.Backend<ICharPort>("chardev");
        port?.Listen(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        // The terminal on the other side is no part of the machine: its size stays.
        state = new VirtioConsoleState { Columns = state.Columns, Rows = state.Rows };
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = VirtioConsoleState.Load(reader);
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);
    /// <inheritdoc/>
    public void Inspect(IInspector to) => endpoint.Inspect(to);
    /// <inheritdoc/>
    public void Dispose() { }

    // --- the driver's side ---

    /// <inheritdoc/>
    public void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(config[ConsoleConfig.Columns..], state.Columns);
        BinaryPrimitives.WriteUInt16LittleEndian(config[ConsoleConfig.Rows..], state.Rows);
        BinaryPrimitives.WriteUInt32LittleEndian(config[ConsoleConfig.PortCount..], 1);
    }

    /// <summary>5.3.4: a byte at any time, before there is a driver: what the host cannot take now is lost.</summary>
    public void WriteConfig(int offset, ReadOnlySpan<byte> value)
    {
        if (offset == ConsoleConfig.EmergencyWrite) _ = port?.TrySend(value[0]);
    }

    /// <inheritdoc/>
    public bool AcceptsFeatures(ulong features) => true;

    /// <inheritdoc/>
    public void DriverReady() { }

    /// <inheritdoc/>
    public void QueueNotified(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (queue.Index == ConsoleQueue.Transmit) Transmit();
        else port?.ReadyToReceive();
    }

    /// <inheritdoc/>
    public void QueueReset(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (queue.Index == ConsoleQueue.Transmit) state.Sent = 0;
    }

    /// <inheritdoc/>
    public void DriverReset() => state.Sent = 0;

    /// <summary>Hot path: allocates nothing. A buffer that the host takes in part goes back into the queue until it
    /// takes more.</summary>
    private void Transmit()
    {
        int budget = BytesAtATime;
        while (true)
        {
            QueueMark mark = TransmitQueue.Mark();
            if (!TransmitQueue.TryPop(chain)) break;
            if (TrySendAll(ref budget))
            {
                state.Sent = 0;
                TransmitQueue.Complete(chain.Token, 0);
                continue;
            }
            TransmitQueue.Rewind(mark);
            if (budget <= 0) TransmitQueue.NotifyLater();
            break;
        }
        TransmitQueue.Flush();
    }

    /// <summary>Sends what is left of <see cref="chain"/>; false when the host or the budget has no more
    /// room.</summary>
    private bool TrySendAll(ref int budget)
    {
        Span<byte> piece = stackalloc byte[PieceBytes];
        chain.Skip(state.Sent);
        while (chain.ReadableBytes > 0)
        {
            if (budget <= 0) return false;
            Span<byte> bytes = piece[..(int)Math.Min(chain.ReadableBytes, PieceBytes)];
            if (!chain.TryTake(endpoint.Dma, bytes))
            {
                endpoint.Fail("a buffer is not in RAM");
                return false;
            }
            int taken = port is null ? bytes.Length : port.TrySend(bytes);
            state.Sent += (uint)taken;
            budget -= bytes.Length;
            if (taken < bytes.Length) return false;
        }
        return true;
    }

    // --- the host's side ---

    /// <summary>Hot path: allocates nothing.</summary>
    public int Receive(ReadOnlySpan<byte> values)
    {
        int taken = 0;
        while (taken < values.Length && ReceiveQueue.TryPop(chain))
        {
            ReadOnlySpan<byte> bytes =
                values[taken..][..(int)Math.Min(chain.WritableBytes, (uint)(values.Length - taken))];
            if (!chain.TryPut(endpoint.Dma, bytes))
            {
                endpoint.Fail("a buffer is not in RAM");
                break;
            }
            ReceiveQueue.Complete(chain.Token, (uint)bytes.Length);
            taken += bytes.Length;
        }
        ReceiveQueue.Flush();
        return taken;
    }

    /// <inheritdoc/>
    public void ReadyToSend() => Transmit();

    /// <inheritdoc/>
    public void Resized(int columns, int rows)
    {
        state.Columns = (ushort)Math.Clamp(columns, 0, ushort.MaxValue);
        state.Rows = (ushort)Math.Clamp(rows, 0, ushort.MaxValue);
        endpoint.ConfigChanged();
    }
}
