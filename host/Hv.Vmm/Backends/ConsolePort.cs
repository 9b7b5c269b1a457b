using Hv.Sdk.Management;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A serial line that front-ends show.</summary>
internal sealed class ConsolePort : CharPort, IConsole
{
    private const int BacklogBytes = 1 << 20;
    private static readonly TimeSpan ViewerPatience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Queue<byte[]> backlog = new();
    private int backlogLength;
    private Action<ReadOnlyMemory<byte>>? shown;

    public ConsolePort(DeviceNode node, WatchedThreads threads, bool neverRefuses)
        : base(node, threads, neverRefuses) => StartPump();

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
        lock (gate) shown = to;
        // The caller may be the one who makes room in what the callback writes to: it must not wait here.
        _ = Task.Run(() =>
        {
            lock (gate) ShowBacklog();
        });
    }

    public void Resize(int columns, int rows) => PostSize(columns, rows);

    /// <summary>What nobody has been shown yet is shown before the end, as long as the viewer takes it.</summary>
    public override void Dispose()
    {
        base.Dispose();
        if (!gate.TryEnter(ViewerPatience)) return;
        try
        {
            if (shown is not null) ShowBacklog();
        }
        finally
        {
            gate.Exit();
        }
    }

    protected override int Write(ReadOnlyMemory<byte> bytes)
    {
        lock (gate)
        {
            if (shown is not null)
            {
                ShowBacklog();
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

    private void ShowBacklog()
    {
        while (backlog.TryDequeue(out byte[]? piece)) shown!(piece);
        backlogLength = 0;
    }
}
