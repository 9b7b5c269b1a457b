using Hv.Sdk.Chars;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>A stream with its peer, in the place of the core: takes what arrives, and hears of room.</summary>
internal sealed class CharLine : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<byte> arrived = [];
    private readonly ManualResetEventSlim guestTakes = new(true);
    private int writable;
    private bool isDisposed;

    private CharLine(CharPeer peer, ICharStream stream) => (Peer, Stream) = (peer, stream);

    public CharPeer Peer { get; }
    public ICharStream Stream { get; }

    /// <summary>How often the backend said that it takes bytes again.</summary>
    public int Writable => Volatile.Read(ref writable);

    /// <summary>Whether something arrived after the stream was disposed.</summary>
    public bool HasArrivedLate { get; private set; }

    /// <summary>What the backend has given.</summary>
    public byte[] Arrived
    {
        get
        {
            lock (gate) return [.. arrived];
        }
    }

    /// <summary>While false, the backend's callback waits, as with a guest that takes nothing.</summary>
    public bool GuestTakes
    {
        set
        {
            if (value) guestTakes.Set();
            else guestTakes.Reset();
        }
    }

    /// <summary>Opens both ends, or "not applicable".</summary>
    public static CharLine Open(CharSubject subject)
    {
        if (subject.NewPeer is null) CheckRun.NotApplicable(
            "nothing is known about the other side: give the subject a NewPeer");
        CharPeer peer = subject.NewPeer();
        ListLog log = new();
        ICharStream? stream = null;
        Patience.Returns(() => stream = subject.Backend.Open(subject.Bind(peer.Options), log), "Open");
        CharLine line = new(peer, stream!);
        line.Stream.Start(line.Take, () => Interlocked.Increment(ref line.writable));
        Patience.Returns(() => peer.Opened(log.Messages), "the peer");
        if (peer.IsTakenLater) line.WaitUntilTaken();
        return line;
    }

    // A byte that has arrived shows that the line is there.
    private void WaitUntilTaken()
    {
        Patience.Returns(() => Peer.Send([0]), "sending");
        Patience.Until(() => Arrived.Length == 1, "the first byte of the other side");
        lock (gate) arrived.Clear();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        guestTakes.Wait();
        lock (gate)
        {
            HasArrivedLate |= isDisposed;
            arrived.AddRange(bytes);
        }
    }

    /// <summary>Writes all of it, going on after each <c>writable</c>, as the core does.</summary>
    public void WriteAll(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int heard = Writable, count = Stream.Write(bytes.Span);
            CheckRun.Require(count >= 0 && count <= bytes.Length, $"Write took {count} of {bytes.Length} bytes");
            bytes = bytes[count..];
            if (bytes.Length > 0) Patience.Until(
                () => Writable > heard, $"'writable', after Write took {count} bytes and left {bytes.Length}");
        }
    }

    public void DisposeStream()
    {
        GuestTakes = true;
        Patience.Returns(Stream.Dispose, "Dispose");
        lock (gate) isDisposed = true;
    }

    public void Dispose()
    {
        Peer.IsStalled = false;
        DisposeStream();
        Peer.Dispose();
    }

    private sealed class ListLog : IDeviceLog
    {
        private readonly List<string> messages = [];

        public IReadOnlyList<string> Messages
        {
            get
            {
                lock (messages) return [.. messages];
            }
        }

        public bool IsEnabled(LogLevel level) => true;

        public void Write(LogLevel level, string message)
        {
            lock (messages) messages.Add(message);
        }

        public void GuestError(string message) { }
    }
}
