using Hv.Sdk;
using Hv.Sdk.Net;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A network between a card and a backend: frames to the host go through at once, frames from the host wait in
/// a bounded queue for the card's strand. Without a backend there is no carrier and sent frames vanish.</summary>
internal sealed class NetPort : INetPort, INetLink, IBackendPort
{
    private const int QueueFrames = 256;
    private const int MaxFrameBytes = 65_550; // a 64 KiB segment with its Ethernet header

    private readonly DeviceNode node;
    private readonly Lock gate = new();
    private readonly Frame[] frames = new Frame[QueueFrames];
    private readonly Action deliver;
    private readonly Action readyToSend;
    private INetEndpoint? endpoint;
    private Callee callee;
    private INetListener? listener;
    private int first;
    private int count;
    private bool isDelivering;
    private bool isBlocked;
    private bool hasRefused;
    private bool isRestored;

    public NetPort(DeviceNode node, IVmClock clock)
    {
        this.node = node;
        Clock = clock;
        deliver = DeliverAll;
        readyToSend = () => listener?.ReadyToSend();
    }

    public IVmClock Clock { get; }
    public IDeviceLog Log => node.Log;
    public bool IsLinkUp => endpoint is not null;

    /// <summary>Frames from the guest.</summary>
    public ulong Sent { get; private set; }
    /// <summary>Frames to the guest.</summary>
    public ulong Received { get; private set; }

    /// <summary>Connects the backend.</summary>
    public void Connect(string backend, INetEndpoint to)
    {
        callee = Callee.Of($"the network backend {backend} of {node.Path}");
        endpoint = to;
    }

    public void Listen(INetListener to) => listener = to;

    // ---- the card's side, on the strand

    public bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        Sent++;
        if (endpoint is null) return true;
        using CallScope scope = CallRecord.Enter(callee);
        return endpoint.Send(frame, info);
    }

    void INetPort.Flush()
    {
        using CallScope scope = CallRecord.Enter(callee);
        endpoint?.Flush();
    }

    public void ReadyToReceive()
    {
        lock (gate)
        {
            isBlocked = false;
            if (count == 0 || isDelivering) return;
            isDelivering = true;
        }
        node.Strand.Post(deliver);
    }

    private void DeliverAll()
    {
        bool any = false;
        bool mustTell = false;
        while (true)
        {
            Frame frame;
            lock (gate)
            {
                isDelivering = false;
                if (count == 0 || isBlocked || listener is null || node.IsFailed) break;
                frame = frames[first];
                isBlocked = true; // until shown otherwise; ReadyToReceive may come inside the call
            }
            // The slot is not reused before it is given back below.
            if (!listener.Receive(frame.Bytes.AsSpan(0, frame.Length), frame.Info)) break;
            any = true;
            Received++;
            lock (gate)
            {
                isBlocked = false;
                first = (first + 1) % QueueFrames;
                count--;
                if (hasRefused && count <= QueueFrames / 2)
                {
                    hasRefused = false;
                    mustTell = true;
                }
            }
        }
        if (any) listener?.ReceiveFlush();
        if (!mustTell) return;
        using CallScope scope = CallRecord.Enter(callee);
        endpoint?.ReadyToReceive();
    }

    // ---- the backend's side, any thread

    public bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (frame.Length > MaxFrameBytes) return true; // nothing that a card could take
        bool mustPost;
        lock (gate)
        {
            if (count == QueueFrames)
            {
                hasRefused = true;
                return false;
            }
            ref Frame slot = ref frames[(first + count) % QueueFrames];
            if (slot.Bytes is null || slot.Bytes.Length < frame.Length)
                slot.Bytes = new byte[Math.Max(2048, frame.Length)];
            frame.CopyTo(slot.Bytes);
            slot.Length = frame.Length;
            slot.Info = info;
            count++;
            mustPost = !isDelivering && !isBlocked;
            if (mustPost) isDelivering = true;
        }
        if (mustPost) node.Strand.Post(deliver);
        return true;
    }

    public void ReadyToSend() => node.Strand.Post(readyToSend);

    // ---- the core's side: frames on their way are lost by a save or a reset, as networks may lose them

    public string StateId => "core.net";
    public string? WhyUnsaveable => null;

    public void Quiesce(TimeSpan patience)
    {
    }

    public void Reset()
    {
        lock (gate)
        {
            count = 0;
            isBlocked = false;
            isDelivering = false;
        }
    }

    public void Flush()
    {
    }

    public void Save(StateWriter writer) => writer.Flag(1, isBlocked);

    public void Load(StateReader reader)
    {
        isBlocked = reader.Flag(1, false);
        isRestored = true;
    }

    public void Resumed()
    {
        // The new backend knows nothing of a frame that the old one refused.
        if (isRestored) ReadyToSend();
        isRestored = false;
    }

    public void Dispose()
    {
        using CallScope scope = CallRecord.Enter(callee);
        endpoint?.Dispose();
    }

    private struct Frame
    {
        public byte[] Bytes;
        public int Length;
        public FrameInfo Info;
    }
}
