using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Net;

/// <summary>What a network card left to the other side, as virtio-net's header carries it (virtio 1.2,
/// 5.1.6).</summary>
public readonly struct FrameInfo
{
    /// <summary>The checksum at <see cref="ChecksumStart"/> + <see cref="ChecksumOffset"/> is not filled in.</summary>
    public bool NeedsChecksum { get; init; }
    /// <summary>The checksum was checked and is right.</summary>
    public bool ChecksumIsValid { get; init; }
    /// <summary>Where the summed bytes begin.</summary>
    public ushort ChecksumStart { get; init; }
    /// <summary>Where the sum goes, from there.</summary>
    public ushort ChecksumOffset { get; init; }
    /// <summary>0 none, 1 TCP/IPv4, 3 UDP, 4 TCP/IPv6; bit 7 ECN.</summary>
    public byte SegmentationType { get; init; }
    /// <summary>Bytes of payload a segment.</summary>
    public ushort SegmentBytes { get; init; }
    /// <summary>Length of the headers.</summary>
    public ushort HeaderBytes { get; init; }
}

/// <summary>A network as a card sees it. On the card's strand.</summary>
[Experimental("HVX003")]
public interface INetPort
{
    /// <summary>Sends a frame (Ethernet, without FCS); false when the network is full: the frame was not taken, and
    /// <see cref="INetListener.ReadyToSend"/> follows. Allocates nothing.</summary>
    bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info);
    /// <summary>The end of a batch: pass on what was collected.</summary>
    void Flush();
    /// <summary>The card has room again after it refused.</summary>
    void ReadyToReceive();
    /// <summary>Whether there is a carrier.</summary>
    bool IsLinkUp { get; }
    /// <summary>Sets who is told. Called in Attach.</summary>
    void Listen(INetListener listener);
}

/// <summary>The card's side of a network; on the strand.</summary>
[Experimental("HVX003")]
public interface INetListener
{
    /// <summary>A frame; false when there is no room: call <see cref="INetPort.ReadyToReceive"/> later.</summary>
    bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info);
    /// <summary>The end of a batch: interrupt now.</summary>
    void ReceiveFlush();
    /// <summary>The network takes frames again.</summary>
    void ReadyToSend();
    /// <summary>The carrier came or went.</summary>
    void LinkChanged(bool up);
}

/// <summary>Makes networks of one kind. Faces the host.</summary>
[Experimental("HVX003")]
public interface INetBackend
{
    /// <summary>What the definition may set.</summary>
    OptionSchema Options { get; }
    /// <summary>Opens one end. Build thread.</summary>
    INetEndpoint Open(INetLink link, OptionValues options);
}

/// <summary>What the core gives a backend. Any thread.</summary>
[Experimental("HVX003")]
[HostImplemented]
public interface INetLink
{
    /// <summary>Gives a frame to the card; false when its queue is full: <see cref="INetEndpoint.ReadyToReceive"/>
    /// follows. The frame is copied.</summary>
    bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info);
    /// <summary>The backend takes frames again.</summary>
    void ReadyToSend();
    /// <summary>The virtual clock.</summary>
    Time.IVmClock Clock { get; }
    /// <summary>Where the backend reports.</summary>
    IDeviceLog Log { get; }
}

/// <summary>The open end of a network. Called on the card's strand.</summary>
[Experimental("HVX003")]
public interface INetEndpoint : IDisposable
{
    /// <summary>Takes a frame from the card; false when full: call <see cref="INetLink.ReadyToSend"/> later.</summary>
    bool Send(ReadOnlySpan<byte> frame, in FrameInfo info);
    /// <summary>The end of a batch.</summary>
    void Flush();
    /// <summary>The card takes frames again.</summary>
    void ReadyToReceive();
}
