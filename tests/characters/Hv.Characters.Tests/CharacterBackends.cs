using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hv.Characters.File;
using Hv.Characters.Tcp;
using Hv.Sdk;
using Hv.Sdk.Chars;

namespace Hv.Characters.Tests;

/// <summary>What these backends do beyond what all must.</summary>
public sealed class CharacterBackends : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hv-chars-").FullName;
    private readonly RecordingLog log = new();

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void File_Write_IsThereAtOnce()
    {
        string path = Path.Combine(root, "out");
        System.IO.File.WriteAllText(path, "old");

        using ICharStream stream = Open(new FileBackend(), ("target", path));

        Assert.Equal(5, stream.Write("HELLO"u8));
        Assert.Equal("HELLO", System.IO.File.ReadAllText(path));
    }

    [Fact]
    public void File_Append_KeepsWhatWasThere()
    {
        string path = Path.Combine(root, "out");
        System.IO.File.WriteAllText(path, "old ");

        using (ICharStream stream = Open(new FileBackend(), ("target", path), ("append", "1")))
        {
            stream.Write("new"u8);
        }

        Assert.Equal("old new", System.IO.File.ReadAllText(path));
    }

    [Fact]
    public void Tcp_Listen_TurnsAwayAWrongTokenAndServesTheRightOne()
    {
        using ICharStream stream = Open(new TcpBackend(), ("target", "0"), ("listen", "1"), ("token", "secret"));
        using var received = new BlockingCollection<string>();
        stream.Start(bytes => received.Add(Encoding.ASCII.GetString(bytes)), () => { });
        IPEndPoint address = AnnouncedAddress();

        using (Socket stranger = Connect(address))
        {
            stranger.Send("guess\n"u8);
            Assert.Equal("", Receive(stranger, 1));
        }

        using Socket peer = Connect(address);
        peer.Send("secret\nhello"u8);

        Assert.Equal("hello", Text(received, "hello".Length));
    }

    [Fact]
    public void Tcp_ListenWithoutAToken_MakesOneAndLogsIt()
    {
        using ICharStream stream = Open(new TcpBackend(), ("target", "0"), ("listen", "1"));

        Assert.Matches("listening at 127.0.0.1:[0-9]+, token [0-9a-f]{16}", Assert.Single(log.Messages));
    }

    [Fact]
    public void Tcp_ListenOnAnAddressThatOthersReach_NeedsTheirAskingForIt()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(
            () => Open(new TcpBackend(), ("target", "0.0.0.0:0"), ("listen", "1")));

        Assert.Equal("public", e.Option);
    }

    [Fact]
    public void Tcp_WriteWithoutAPeer_TakesEverything()
    {
        using ICharStream stream = Open(new TcpBackend(), ("target", "0"), ("listen", "1"), ("token", "none"));
        stream.Start(_ => { }, () => { });

        Assert.Equal(100_000, stream.Write(new byte[100_000]));
    }

    private ICharStream Open(ICharBackend backend, params (string Key, string Value)[] options) =>
        backend.Open(new OptionValues(options.ToDictionary(o => o.Key, o => o.Value)), log);

    private IPEndPoint AnnouncedAddress() =>
        IPEndPoint.Parse(Assert.Single(log.Messages).Split(' ', ',').First(
            w => w.StartsWith("127.", StringComparison.Ordinal)));

    private static Socket Connect(IPEndPoint address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(address);
        return socket;
    }

    private static string Receive(Socket socket, int count)
    {
        byte[] buffer = new byte[count];
        int got = 0;
        while (got < count)
        {
            int n = socket.Receive(buffer, got, count - got, SocketFlags.None, out _);
            if (n <= 0)
            {
                break;
            }

            got += n;
        }

        return Encoding.ASCII.GetString(buffer, 0, got);
    }

    private static string Text(BlockingCollection<string> received, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(received.Take());
        }

        return text.ToString();
    }

    private sealed class RecordingLog : IDeviceLog
    {
        public List<string> Messages { get; } = [];

        public bool IsEnabled(LogLevel level) => true;

        public void Write(LogLevel level, string message)
        {
            lock (Messages)
            {
                if (level == LogLevel.Info)
                {
                    Messages.Add(message);
                }
            }
        }

        public void GuestError(string message)
        {
        }
    }
}
