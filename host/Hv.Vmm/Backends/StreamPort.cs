using Hv.Sdk.Chars;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Backends;

/// <summary>A serial line that a character backend serves.</summary>
internal sealed class StreamPort : CharPort
{
    private readonly ICharStream stream;

    public StreamPort(DeviceNode node, bool neverRefuses, ICharStream stream) : base(node, neverRefuses)
    {
        this.stream = stream;
        StartPump();
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

    protected override int Write(ReadOnlyMemory<byte> bytes) => stream.Write(bytes.Span);

    public override void Dispose()
    {
        base.Dispose();
        stream.Dispose();
    }
}
