using System.Text;
using Hv.Sdk.Chars;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>The host's side of a serial line. Keeps the last 64 KiB sent; <see cref="Room"/> makes it refuse.</summary>
public sealed class BenchChars : ICharPort
{
    private readonly byte[] sent = new byte[64 * 1024];
    private readonly Queue<byte> typed = new();
    private ICharListener? listener;

    /// <summary>Bytes sent so far.</summary>
    public int SentCount { get; private set; }

    /// <summary>How many more bytes are taken before the port is full.</summary>
    public int Room { get; private set; } = int.MaxValue;

    /// <summary>What was sent, as Latin-1 text.</summary>
    public string SentText => Encoding.Latin1.GetString(sent, 0, Math.Min(SentCount, sent.Length));

    /// <summary>Bytes typed that the device has not taken yet.</summary>
    public int Waiting => typed.Count;

    /// <summary>Gives room for so many bytes, and tells the device when there was none.</summary>
    public void SetRoom(int bytes)
    {
        bool wasFull = Room == 0;
        Room = bytes;
        if (wasFull && bytes > 0) listener?.ReadyToSend();
    }

    /// <summary>Sends bytes to the device, as many as it takes now, the rest when it says so.</summary>
    public void Type(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes) typed.Enqueue(b);
        Deliver();
    }

    /// <summary>Forgets what was typed and not taken.</summary>
    public void DropWaiting() => typed.Clear();

    private void Deliver()
    {
        while (typed.Count > 0 && listener is not null)
        {
            byte next = typed.Peek();
            if (listener.Receive(new ReadOnlySpan<byte>(in next)) == 0) return;
            typed.Dequeue();
        }
    }

    /// <inheritdoc/>
    public bool TrySend(byte value)
    {
        if (Room == 0) return false;
        if (Room != int.MaxValue) Room--;
        sent[SentCount++ % sent.Length] = value;
        return true;
    }

    /// <inheritdoc/>
    public int TrySend(ReadOnlySpan<byte> values)
    {
        int n = 0;
        while (n < values.Length && TrySend(values[n])) n++;
        return n;
    }

    /// <inheritdoc/>
    public void Listen(ICharListener to) => listener = to;

    /// <inheritdoc/>
    public void ReadyToReceive() => Deliver();

    internal void CopyFrom(BenchChars other)
    {
        other.sent.CopyTo(sent, 0);
        SentCount = other.SentCount;
        Room = other.Room;
        typed.Clear();
        foreach (byte b in other.typed) typed.Enqueue(b);
    }

    internal string? Difference(BenchChars other) =>
        SentCount != other.SentCount ? $"sent {SentCount} / {other.SentCount} bytes"
        : !sent.AsSpan().SequenceEqual(other.sent) ? "sent other bytes"
        : typed.Count != other.typed.Count ? $"left {typed.Count} / {other.typed.Count} typed bytes" : null;
}
