using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;

namespace Hv.Vmm.Devices;

/// <summary>A port of the core as one instance of a device sees it through its <see cref="DeviceLink"/>.</summary>
internal interface IPortRelay
{
    /// <summary>What the instance did in its reset is forgotten.</summary>
    void BeginLoading();
    /// <summary>The instance is the one that is told from now on.</summary>
    void Connect();
    /// <summary>Does what the instance asked for while it loaded.</summary>
    void Deliver();
    /// <summary>Lets go of the instance.</summary>
    void Cut();
}

/// <summary>A serial line.</summary>
internal sealed class CharRelay(DeviceLink link, ICharPort port) : ICharPort, IPortRelay
{
    private ICharListener? listener;
    private bool hasRefused;
    private bool isReady;

    /// <summary>Hot path.</summary>
    public bool TrySend(byte value) => TrySend(new ReadOnlySpan<byte>(in value)) == 1;

    /// <summary>Hot path.</summary>
    public int TrySend(ReadOnlySpan<byte> values)
    {
        if (link.IsLive) return port.TrySend(values);
        hasRefused = true;
        return 0;
    }

    public void Listen(ICharListener to)
    {
        listener = to;
        if (link.IsLive) port.Listen(to);
    }

    public void ReadyToReceive()
    {
        if (link.IsLive) port.ReadyToReceive();
        else isReady = true;
    }

    public void BeginLoading() => hasRefused = isReady = false;

    public void Connect() => port.Listen(listener ?? Deaf.Instance);

    public void Deliver()
    {
        if (hasRefused && listener is { } to) link.Post(to.ReadyToSend);
        if (isReady) port.ReadyToReceive();
    }

    public void Cut() => listener = null;

    /// <summary>Stands for a device that does not listen: input waits.</summary>
    private sealed class Deaf : ICharListener
    {
        public static readonly Deaf Instance = new();

        public int Receive(ReadOnlySpan<byte> values) => 0;

        public void ReadyToSend()
        {
        }

        public void Resized(int columns, int rows)
        {
        }
    }
}

/// <summary>A disk.</summary>
internal sealed class BlockRelay(DeviceLink link, IBlockPort port) : IBlockPort, IPortRelay
{
    private readonly List<(BlockRequest Request, DmaSegment[] Segments)> waiting = [];
    private readonly List<ulong> abandoned = [];
    private IBlockListener? listener;

    public long LengthBytes => port.LengthBytes;
    public int SectorBytes => port.SectorBytes;
    public int PhysicalBlockBytes => port.PhysicalBlockBytes;
    public bool IsReadOnly => port.IsReadOnly;
    public bool CanDiscard => port.CanDiscard;
    public string Serial => port.Serial;
    public int MaxInFlight => port.MaxInFlight;
    public int MaxSegments => port.MaxSegments;

    /// <summary>Hot path.</summary>
    public bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        if (link.IsLive) return port.TrySubmit(request, segments);
        if (!link.IsLoading || waiting.Count == MaxInFlight) return false;
        waiting.Add((request, segments.ToArray()));
        return true;
    }

    /// <summary>Hot path.</summary>
    public void Abandon(ulong tag)
    {
        if (link.IsLive) port.Abandon(tag);
        else if (link.IsLoading && waiting.RemoveAll(w => w.Request.Tag == tag) == 0) abandoned.Add(tag);
    }

    public void Listen(IBlockListener to)
    {
        listener = to;
        if (link.IsLive) port.Listen(to);
    }

    public void BeginLoading() => waiting.Clear();

    public void Connect() => port.Listen(listener ?? Deaf.Instance);

    public void Deliver()
    {
        foreach (ulong tag in abandoned) port.Abandon(tag);
        abandoned.Clear();
        foreach ((BlockRequest request, DmaSegment[] segments) in waiting)
        {
            if (!port.TrySubmit(request, segments) && listener is { } to)
                link.Post(() => to.Completed(request.Tag, BlockStatus.IoError));
        }
        waiting.Clear();
    }

    public void Cut()
    {
        listener = null;
        waiting.Clear();
    }

    /// <summary>Stands for a device that does not listen.</summary>
    private sealed class Deaf : IBlockListener
    {
        public static readonly Deaf Instance = new();

        public void Completed(ulong tag, BlockStatus status)
        {
        }

        public void Resized()
        {
        }
    }
}

/// <summary>A network. Frames that an instance sends while it loads are lost, as networks may lose them.</summary>
internal sealed class NetRelay(DeviceLink link, INetPort port) : INetPort, IPortRelay
{
    private INetListener? listener;
    private bool isReady;

    public bool IsLinkUp => port.IsLinkUp;

    /// <summary>Hot path.</summary>
    public bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info) => !link.IsLive || port.TrySend(frame, info);

    public void Flush()
    {
        if (link.IsLive) port.Flush();
    }

    public void ReadyToReceive()
    {
        if (link.IsLive) port.ReadyToReceive();
        else isReady = true;
    }

    public void Listen(INetListener to)
    {
        listener = to;
        if (link.IsLive) port.Listen(to);
    }

    public void BeginLoading() => isReady = false;

    public void Connect() => port.Listen(listener ?? Deaf.Instance);

    public void Deliver()
    {
        if (isReady) port.ReadyToReceive();
    }

    public void Cut() => listener = null;

    /// <summary>Stands for a card that does not listen: frames wait, then are lost.</summary>
    private sealed class Deaf : INetListener
    {
        public static readonly Deaf Instance = new();

        public bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info) => false;

        public void ReceiveFlush()
        {
        }

        public void ReadyToSend()
        {
        }

        public void LinkChanged(bool up)
        {
        }
    }
}
