using Hv.Sdk.Chars;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A serial line that a character backend serves.</summary>
internal sealed class StreamPort : CharPort
{
    private readonly ICharStream stream;
    private readonly Callee callee;

    public StreamPort(DeviceNode node, WatchedThreads threads, bool neverRefuses, string backend, ICharStream stream)
        : base(node, threads, neverRefuses)
    {
        this.stream = stream;
        callee = Callee.Of($"the character backend {backend} of {node.Path}");
        StartPump();
        using CallScope scope = CallRecord.Enter(callee);
        stream.Start(Received, Writable);
    }

    private void Received(ReadOnlySpan<byte> bytes)
    {
        while (!Ending.IsCancellationRequested)
        {
            bytes = bytes[Offer(bytes)..];
            if (bytes.IsEmpty) return;
            WaitInputRoom();
        }
    }

    protected override int Write(ReadOnlyMemory<byte> bytes)
    {
        using CallScope scope = CallRecord.Enter(callee);
        return stream.Write(bytes.Span);
    }

    public override void Dispose()
    {
        base.Dispose();
        using CallScope scope = CallRecord.Enter(callee);
        stream.Dispose();
    }
}
