using Hv.Sdk.Management;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Backends;

/// <summary>A serial line that front-ends show.</summary>
internal sealed class ConsolePort : CharPort, IConsole
{
    private const int BacklogBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly Queue<byte[]> backlog = new();
    private int backlogLength;
    private Action<ReadOnlyMemory<byte>>? shown;

    public ConsolePort(DeviceNode node, bool neverRefuses) : base(node, neverRefuses) => StartPump();

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            bytes = bytes[Offer(bytes.Span)..];
            if (bytes.IsEmpty || Ending.IsCancellationRequested) return;
            await InputRoomAsync(cancel).ConfigureAwait(false);
        }
    }

    public void Listen(Action<ReadOnlyMemory<byte>> to)
    {
        lock (gate)
        {
            while (backlog.TryDequeue(out byte[]? piece)) to(piece);
            backlogLength = 0;
            shown = to;
        }
    }

    public void Resize(int columns, int rows) => PostSize(columns, rows);

    protected override int Write(ReadOnlyMemory<byte> bytes)
    {
        lock (gate)
        {
            if (shown is not null)
            {
                shown(bytes);
                return bytes.Length;
            }
            // Nobody looks yet: keep the newest.
            backlog.Enqueue(bytes.ToArray());
            backlogLength += bytes.Length;
            while (backlogLength > BacklogBytes) backlogLength -= backlog.Dequeue().Length;
            return bytes.Length;
        }
    }
}
