using System.Numerics;
using Hv.Sdk.Net;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>A network in the hands of a test: keeps what the card sends, and gives it frames.</summary>
public sealed class BenchNet : INetPort, IBenchPart
{
    private INetListener? listener;

    /// <summary>Keeps what the card sends; without it, frames are only counted and summed up, which allocates
    /// nothing.</summary>
    public bool KeepsFrames { get; init; } = true;
    /// <summary>Frames that the card sent.</summary>
    public List<(byte[] Bytes, FrameInfo Info)> Sent { get; } = [];
    /// <summary>How many it sent.</summary>
    public int SentCount { get; private set; }
    /// <summary>A sum over all that it sent.</summary>
    public uint SentSum { get; private set; }
    /// <summary>How many more frames are taken before the network is full.</summary>
    public int Room { get; private set; } = int.MaxValue;
    /// <summary>Ends of batches that the card announced.</summary>
    public int Flushes { get; private set; }
    /// <summary>How often the card said that it has room again.</summary>
    public int ReadyCount { get; private set; }
    /// <inheritdoc/>
    public bool IsLinkUp { get; private set; } = true;

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (Room == 0) return false;
        if (Room != int.MaxValue) Room--;
        SentCount++;
        foreach (byte b in frame) SentSum = BitOperations.RotateLeft(SentSum, 5) * 0x9e37_79b9 + b;
        if (KeepsFrames) Sent.Add((frame.ToArray(), info));
        return true;
    }

    /// <inheritdoc/>
    public void Flush() => Flushes++;
    /// <inheritdoc/>
    public void ReadyToReceive() => ReadyCount++;
    /// <inheritdoc/>
    public void Listen(INetListener to) => listener = to;

    /// <summary>Gives the card a frame and ends the batch; whether it was taken.</summary>
    public bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info = default)
    {
        bool isTaken = listener!.Receive(frame, info);
        listener.ReceiveFlush();
        return isTaken;
    }

    /// <summary>Gives room for so many frames, and tells the card when there was none.</summary>
    public void SetRoom(int frames)
    {
        bool wasFull = Room == 0;
        Room = frames;
        if (wasFull && frames > 0) listener!.ReadyToSend();
    }

    /// <summary>Plugs the cable in or out.</summary>
    public void SetLink(bool up)
    {
        IsLinkUp = up;
        listener!.LinkChanged(up);
    }

    /// <inheritdoc/>
    public void CopyFrom(IBenchPart other)
    {
        BenchNet from = (BenchNet)other;
        (Room, Flushes, ReadyCount, IsLinkUp) = (from.Room, from.Flushes, from.ReadyCount, from.IsLinkUp);
        (SentCount, SentSum) = (from.SentCount, from.SentSum);
        Sent.Clear();
        Sent.AddRange(from.Sent);
    }

    /// <inheritdoc/>
    public string? Difference(IBenchPart other)
    {
        BenchNet with = (BenchNet)other;
        if ((SentCount, SentSum) != (
            with.SentCount, with.SentSum)) return $"sent {SentCount} / {with.SentCount} frames, or other ones";
        return Room != with.Room ? $"room {Room} / {with.Room}" : null;
    }
}
