using Hv.Sdk.Net;

namespace AcmeModel;

/// <summary>The open network. On the card's strand.</summary>
public sealed class TheModelEndpoint(INetLink link, byte[] address) : INetEndpoint
{
    /// <summary>Length of an Ethernet address.</summary>
    public const int AddressBytes = 6;
    private const int LongestFrame = 65535 + 14 + 8;

    private readonly byte[] answer = new byte[LongestFrame];

    /// <summary>Takes what is for others and forgets it. Allocates nothing.</summary>
    public bool Send(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (frame.Length is < 2 * AddressBytes or > LongestFrame || !frame.StartsWith(address)) return true;
        Span<byte> back = answer.AsSpan(0, frame.Length);
        frame.CopyTo(back);
        frame.Slice(AddressBytes, AddressBytes).CopyTo(back);
        address.CopyTo(back[AddressBytes..]);
        return link.Deliver(back, info);
    }

    /// <inheritdoc/>
    public void Flush() { }

    /// <summary>The card refused a frame before: it may send it again.</summary>
    public void ReadyToReceive() => link.ReadyToSend();

    /// <inheritdoc/>
    public void Dispose() { }
}
