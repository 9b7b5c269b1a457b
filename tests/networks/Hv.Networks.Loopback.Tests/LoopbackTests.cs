using Hv.Sdk;
using Hv.Sdk.Net;
using Hv.Sdk.Time;

namespace Hv.Networks.Loopback.Tests;

public sealed class LoopbackTests
{
    private sealed class Link : INetLink
    {
        public List<(byte[] Bytes, FrameInfo Info)> Delivered { get; } = [];
        public bool IsFull { get; set; }
        public int Ready { get; private set; }
        public IVmClock Clock => throw new NotSupportedException();
        public IDeviceLog Log => throw new NotSupportedException();
        public void ReadyToSend() => Ready++;

        public bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info)
        {
            if (IsFull) return false;
            Delivered.Add((frame.ToArray(), info));
            return true;
        }
    }

    private static readonly byte[] Frame = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];
    private readonly Link link = new();

    private INetEndpoint Open(bool swap) => new LoopbackPlugin().Open(link,
        new OptionValues(new Dictionary<string, string> { ["swap"] = swap ? "1" : "0" }));

    [Fact]
    public void Send_GivesTheFrameBackAsItIs()
    {
        using INetEndpoint end = Open(swap: false);
        Assert.True(end.Send(Frame, new FrameInfo { NeedsChecksum = true, ChecksumStart = 34, SegmentBytes = 1448 }));
        (byte[] bytes, FrameInfo info) = Assert.Single(link.Delivered);
        Assert.Equal(Frame, bytes);
        Assert.Equal((true, 34, 1448), (info.NeedsChecksum, info.ChecksumStart, info.SegmentBytes));
    }

    [Fact]
    public void Send_Swapped_ExchangesAddressesOnly()
    {
        using INetEndpoint end = Open(swap: true);
        Assert.True(end.Send(Frame, default));
        Assert.Equal([.. Frame[6..12], .. Frame[..6], .. Frame[12..]], link.Delivered[0].Bytes);
        Assert.True(end.Send(Frame.AsSpan(0, 5), default));
        Assert.Equal(Frame[..5], link.Delivered[1].Bytes);
    }

    [Fact]
    public void Send_WhileTheCardIsFull_IsRefusedUntilItHasRoom()
    {
        using INetEndpoint end = Open(swap: false);
        link.IsFull = true;
        Assert.False(end.Send(Frame, default));
        Assert.Equal(0, link.Ready);
        end.ReadyToReceive();
        Assert.Equal(1, link.Ready);
    }
}
