using Hv.Sdk.Net;

namespace Hv.Networks.Loopback;

/// <summary>Gives every frame back at once, with its offloads as they are. When the card has no room the frame is not
/// taken, so nothing is lost and nothing is kept here.</summary>
public sealed class LoopbackEndpoint(INetLink link, LoopbackOptions options) : INetEndpoint
{
    private const int AddressBytes = 6;
    private const int LongestFrame = 65535 + 14 + 8;

    private readonly byte[] swapped = new byte[LongestFrame];

    /// <inheritdoc/>
    public bool Send(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        if (!options.Swap || frame.Length < 2 * AddressBytes || frame.Length > LongestFrame) return link.Deliver(
            frame, info);
        Span<byte> copy = swapped.AsSpan(0, frame.Length);
        frame.CopyTo(copy);
        frame[..AddressBytes].CopyTo(copy[AddressBytes..]);
        frame.Slice(AddressBytes, AddressBytes).CopyTo(copy);
        return link.Deliver(copy, info);
    }

    /// <inheritdoc/>
    public void Flush() { }

    /// <summary>The card refused a frame before: it may send it again.</summary>
    public void ReadyToReceive() => link.ReadyToSend();

    /// <inheritdoc/>
    public void Dispose() { }
}
