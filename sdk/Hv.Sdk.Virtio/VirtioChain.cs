using Hv.Sdk.Memory;

namespace Hv.Sdk.Virtio;

/// <summary>One buffer of a queue: guest memory that the device reads, then guest memory that it writes. Made once and
/// filled by each
/// <see cref="VirtQueue.TryPop"/>. Lengths and addresses were copied from the guest once: it cannot change them any
/// more.</summary>
public sealed class VirtioChain
{
    /// <summary>Most pieces of one buffer that are taken; more is a driver's error. No driver that we know uses more
    /// than 1024.</summary>
    public const int MaximumSegments = 1024;

    private readonly DmaSegment[] segments = new DmaSegment[MaximumSegments];
    private int readableStart;
    private int readableEnd;
    private int writableStart;
    private int end;

    /// <summary>Names the buffer when it is given back.</summary>
    public VirtioToken Token { get; internal set; }
    /// <summary>Bytes that the device can read.</summary>
    public uint ReadableBytes { get; private set; }
    /// <summary>Bytes that the device can write.</summary>
    public uint WritableBytes { get; private set; }
    /// <summary>The pieces that the device can read.</summary>
    public ReadOnlySpan<DmaSegment> Readable => segments.AsSpan(readableStart..readableEnd);
    /// <summary>The pieces that the device can write.</summary>
    public ReadOnlySpan<DmaSegment> Writable => segments.AsSpan(writableStart..end);

    internal void Clear()
    {
        readableStart = readableEnd = writableStart = end = 0;
        ReadableBytes = WritableBytes = 0;
    }

    /// <summary>Adds a descriptor; null, or what is wrong with it.</summary>
    internal string? Add(ulong address, uint lengthBytes, bool isWritable)
    {
        if (lengthBytes == 0) return null;
        if (end == MaximumSegments) return "a buffer has too many descriptors";
        // 2.7.4.2, 2.8.2: readable pieces come first. 2.7.5.2, 2.8.5: no more than 2^32 bytes in all.
        if (isWritable)
        {
            if (uint.MaxValue - WritableBytes < lengthBytes) return "a buffer is longer than 4 GiB";
            WritableBytes += lengthBytes;
        }
        else
        {
            if (end != readableEnd) return "a readable descriptor follows a writable one";
            if (uint.MaxValue - ReadableBytes < lengthBytes) return "a buffer is longer than 4 GiB";
            ReadableBytes += lengthBytes;
            readableEnd = ++writableStart;
        }
        segments[end++] = new DmaSegment { Address = new GuestPhysicalAddress(address), LengthBytes = lengthBytes };
        return null;
    }

    /// <summary>Takes the first readable bytes off, into <paramref name="to"/>; false when there are fewer, or they are
    /// not RAM.</summary>
    public bool TryTake(IDmaSpace dma, Span<byte> to)
    {
        ArgumentNullException.ThrowIfNull(dma);
        if ((uint)to.Length > ReadableBytes) return false;
        ReadableBytes -= (uint)to.Length;
        while (!to.IsEmpty)
        {
            ref DmaSegment segment = ref segments[readableStart];
            int count = (int)Math.Min((uint)to.Length, segment.LengthBytes);
            if (!dma.TryRead(segment.Address, to[..count])) return false;
            segment = Rest(segment, (uint)count);
            if (segment.LengthBytes == 0) readableStart++;
            to = to[count..];
        }
        return true;
    }

    /// <summary>Takes readable bytes off the front without looking at them; all of them when there are fewer.</summary>
    public void Skip(uint bytes)
    {
        bytes = Math.Min(bytes, ReadableBytes);
        ReadableBytes -= bytes;
        while (bytes > 0)
        {
            ref DmaSegment segment = ref segments[readableStart];
            uint count = Math.Min(bytes, segment.LengthBytes);
            segment = Rest(segment, count);
            if (segment.LengthBytes == 0) readableStart++;
            bytes -= count;
        }
    }

    /// <summary>Takes the first writable bytes off, filling them from <paramref name="from"/>; false when there are
    /// fewer, or they are not RAM.</summary>
    public bool TryPut(IDmaSpace dma, ReadOnlySpan<byte> from)
    {
        ArgumentNullException.ThrowIfNull(dma);
        if ((uint)from.Length > WritableBytes) return false;
        WritableBytes -= (uint)from.Length;
        while (!from.IsEmpty)
        {
            ref DmaSegment segment = ref segments[writableStart];
            int count = (int)Math.Min((uint)from.Length, segment.LengthBytes);
            if (!dma.TryWrite(segment.Address, from[..count])) return false;
            segment = Rest(segment, (uint)count);
            if (segment.LengthBytes == 0) writableStart++;
            from = from[count..];
        }
        return true;
    }

    /// <summary>Takes the last writable byte off (a status that is written when the request is done); false when there
    /// is none.</summary>
    public bool TryTakeLastByte(out GuestPhysicalAddress address)
    {
        address = default;
        if (WritableBytes == 0) return false;
        ref DmaSegment last = ref segments[end - 1];
        address = last.Address + (last.LengthBytes - 1);
        WritableBytes--;
        last = new DmaSegment { Address = last.Address, LengthBytes = last.LengthBytes - 1 };
        if (last.LengthBytes == 0) end--;
        return true;
    }

    private static DmaSegment Rest(in DmaSegment segment, uint bytes) =>
        new() { Address = segment.Address + bytes, LengthBytes = segment.LengthBytes - bytes };
}
