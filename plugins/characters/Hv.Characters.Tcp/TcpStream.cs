using System.Net.Sockets;
using System.Text;
using Hv.Sdk;
using Hv.Sdk.Chars;

namespace Hv.Characters.Tcp;

/// <summary>A connection, or a listener that serves one peer after another. One thread of its own reads; writes go out
/// at once, and are dropped while nobody is connected, as on a serial line without a cable.</summary>
internal sealed class TcpStream : ICharStream
{
    private const int MaxTokenBytes = 256;

    private readonly Socket? listener;
    private readonly string? token;
    private readonly IDeviceLog log;
    private volatile Socket? peer;
    private volatile bool isDisposed;
    private Action writable = () => { };

    /// <summary>On a connection that stands.</summary>
    public TcpStream(Socket connected, IDeviceLog log)
    {
        peer = connected;
        this.log = log;
    }

    /// <summary>On a listener; a peer must send the token and a line feed first, unless it is null.</summary>
    public TcpStream(Socket listener, string? token, IDeviceLog log)
    {
        this.listener = listener;
        this.token = token;
        this.log = log;
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        if (peer is not { } connected)
        {
            return bytes.Length;
        }

        connected.Blocking = false;
        int count = connected.Send(bytes, SocketFlags.None, out SocketError error);
        switch (error)
        {
            case SocketError.Success when count == bytes.Length:
                return count;
            case SocketError.Success or SocketError.WouldBlock:
                // Rare: a peer that reads slowly. Somebody has to wait for it, and the caller must not.
                ThreadPool.QueueUserWorkItem(_ => WaitWritable(connected));
                return Math.Max(count, 0);
            default:
                return bytes.Length;
        }
    }

    /// <inheritdoc/>
    public void Start(CharsReceived received, Action writable)
    {
        this.writable = writable;
        new Thread(() => Serve(received)) { IsBackground = true, Name = "serial tcp" }.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        isDisposed = true;
        listener?.Dispose();
        peer?.Dispose();
    }

    private void WaitWritable(Socket connected)
    {
        try
        {
            connected.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer has gone: what is left will be dropped.
        }

        writable();
    }

    private void Serve(CharsReceived received)
    {
        try
        {
            if (listener is null)
            {
                Receive(peer!, received);
                return;
            }

            while (!isDisposed)
            {
                Socket accepted = listener.Accept();
                accepted.NoDelay = true;
                if (!HasToken(accepted))
                {
                    accepted.Dispose();
                    continue;
                }

                peer = accepted;
                Receive(accepted, received);
                peer = null;
                accepted.Dispose();
            }
        }
        catch (Exception e) when (isDisposed && e is SocketException or ObjectDisposedException)
        {
            // The machine has ended.
        }
        catch (SocketException e)
        {
            log.Write(LogLevel.Error, $"the connection failed: {e.Message}");
        }
    }

    private void Receive(Socket connected, CharsReceived received)
    {
        byte[] buffer = new byte[4096];
        while (!isDisposed && connected.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead))
        {
            int count = connected.Receive(buffer, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                continue;
            }

            if (count <= 0)
            {
                return;
            }

            received(buffer.AsSpan(0, count));
        }
    }

    private bool HasToken(Socket accepted)
    {
        if (token is null)
        {
            return true;
        }

        // A peer that says nothing must not keep others out for ever.
        accepted.ReceiveTimeout = 10_000;
        var line = new List<byte>();
        byte[] one = new byte[1];
        while (line.Count <= MaxTokenBytes && accepted.Receive(one, SocketFlags.None, out _) == 1
            && one[0] != (byte)'\n')
        {
            line.Add(one[0]);
        }

        bool isRight = Encoding.UTF8.GetString(line.ToArray()).TrimEnd('\r') == token;
        if (!isRight)
        {
            log.Write(LogLevel.Warn, $"a peer at {accepted.RemoteEndPoint} sent a wrong token and was turned away");
        }

        return isRight;
    }
}
