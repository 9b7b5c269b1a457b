namespace Hv.Vmm.Backends;

/// <summary>A bounded queue of bytes. Not synchronised.</summary>
internal sealed class ByteRing(int capacity)
{
    private readonly byte[] bytes = new byte[capacity];
    private int first;

    public int Count { get; private set; }
    public int Room => bytes.Length - Count;

    /// <summary>Appends what fits; how much it was.</summary>
    public int Write(ReadOnlySpan<byte> from)
    {
        int length = Math.Min(from.Length, Room);
        int at = (first + Count) % bytes.Length;
        int straight = Math.Min(length, bytes.Length - at);
        from[..straight].CopyTo(bytes.AsSpan(at));
        from[straight..length].CopyTo(bytes);
        Count += length;
        return length;
    }

    /// <summary>The oldest bytes that lie together.</summary>
    public ReadOnlySpan<byte> Peek() => bytes.AsSpan(first, Math.Min(Count, bytes.Length - first));

    /// <summary>Drops the oldest bytes.</summary>
    public void Skip(int count)
    {
        first = (first + count) % bytes.Length;
        Count -= count;
    }

    /// <summary>Takes up to a buffer's length out; how many.</summary>
    public int Read(Span<byte> to)
    {
        int done = 0;
        while (done < to.Length && Count > 0)
        {
            ReadOnlySpan<byte> piece = Peek();
            int length = Math.Min(piece.Length, to.Length - done);
            piece[..length].CopyTo(to[done..]);
            Skip(length);
            done += length;
        }
        return done;
    }

    public byte[] ToArray()
    {
        byte[] all = new byte[Count];
        int straight = Math.Min(Count, bytes.Length - first);
        bytes.AsSpan(first, straight).CopyTo(all);
        bytes.AsSpan(0, Count - straight).CopyTo(all.AsSpan(straight));
        return all;
    }
}
