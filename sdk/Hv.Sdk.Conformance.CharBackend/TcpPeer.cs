using System.Net;
using System.Net.Sockets;

namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>A TCP server on the loopback address that the backend connects to.</summary>
public class TcpPeer : CharPeer
{
    private const int PieceBytes = 16 * 1024;
    private const int StalledBufferBytes = 64 * 1024;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Lock gate = new();
    private readonly List<byte> received = [];
    private readonly ManualResetEventSlim reads = new(true);
    private Socket? socket;

    /// <summary>A server that listens already.</summary>
    public TcpPeer()
    {
        listener.Server.ReceiveBufferSize = StalledBufferBytes;
        listener.Start();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Options =>
        new Dictionary<string, string> { ["target"] = listener.LocalEndpoint.ToString()! };

    /// <inheritdoc/>
    public override bool CanSend => true;

    /// <inheritdoc/>
    public override bool CanStall => true;

    /// <inheritdoc/>
    public override bool IsStalled
    {
        get => !reads.IsSet;
        set
        {
            if (value) reads.Reset();
            else reads.Set();
        }
    }

    /// <inheritdoc/>
    public override byte[] Received
    {
        get
        {
            lock (gate) return [.. received];
        }
    }

    /// <inheritdoc/>
    public override void Opened(IReadOnlyList<string> log) => Use(listener.AcceptSocket());

    /// <summary>Goes on with a connection that stands.</summary>
    protected void Use(Socket connected)
    {
        socket = connected;
        new Thread(() => Read(connected)) { IsBackground = true, Name = "tcp peer" }.Start();
    }

    private void Read(Socket connected)
    {
        byte[] buffer = new byte[PieceBytes];
        try
        {
            while (true)
            {
                reads.Wait();
                int count = connected.Receive(buffer);
                if (count == 0) return;
                lock (gate) received.AddRange(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has ended, one way or another; the checks look at what came.
        }
    }

    /// <inheritdoc/>
    public override void Send(byte[] bytes) => socket!.Send(bytes);

    /// <inheritdoc/>
    public override void Leave()
    {
        socket?.Dispose();
        listener.Dispose();
        reads.Set();
    }
}
