using System.Collections.Concurrent;
using Hv.Sdk.Chars;

namespace Hv.Sdk.Conformance.Tests.Chars;

/// <summary>A character backend to put mistakes into: a pipe to a <see cref="PipePeer"/> of this process.</summary>
[CharBackendAttribute("pipe", Title = "A pipe")]
public sealed class PipeBackend(CharFlaw flaw) : ICharBackend
{
    private const string Target = "pipe";

    /// <summary>The other end of the stream that is opened next.</summary>
    public PipePeer? NextPeer { get; set; }

    public OptionSchema Options { get; } =
        new([new OptionInfo { Name = "target", Type = OptionType.Text, Summary = "the pipe", IsRequired = true }]);

    public ICharStream Open(OptionValues options, IDeviceLog log)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (flaw != CharFlaw.TakesAnyTarget && options.Text("target") != Target)
        {
            string message = $"there is no '{options.Text("target")}': give pipe";
            if (flaw == CharFlaw.ThrowsTheWrongException) throw new IOException(message);
            throw new ConfigurationException(message) { Option = "target" };
        }
        return new PipeStream(NextPeer ?? new PipePeer(), flaw);
    }

    private sealed class PipeStream(PipePeer peer, CharFlaw flaw) : ICharStream
    {
        private readonly CancellationTokenSource ending = new();
        private readonly List<byte> held = [];
        private Action writable = static () => { };
        private bool isDisposed;

        public int Write(ReadOnlySpan<byte> bytes)
        {
            if (flaw == CharFlaw.TakesFromNothing && bytes.IsEmpty) return 1;
            if (flaw == CharFlaw.ThrowsWithoutAPeer && peer.HasLeft) throw new IOException("nobody there");
            byte[] copy = bytes.ToArray();
            if (flaw == CharFlaw.HasSevenBits)
            {
                for (int i = 0; i < copy.Length; i++) copy[i] &= 0x7f;
            }
            if (flaw == CharFlaw.LosesTheEndOfPieces && copy.Length > 1000) copy = copy[..1000];
            if (flaw == CharFlaw.HoldsEverything) held.AddRange(copy);
            int taken = peer.Take(copy, flaw == CharFlaw.NeverSaysWritable ? static () => { } : writable);
            while (flaw == CharFlaw.WaitsForRoom && taken < copy.Length && !peer.HasLeft)
            {
                Thread.Sleep(1);
                taken += peer.Take(copy[taken..], writable);
            }
            if (flaw is CharFlaw.HoldsEverything or CharFlaw.LosesTheEndOfPieces || peer.HasLeft) return bytes.Length;
            return flaw == CharFlaw.DoublesAfterAShortWrite && taken < bytes.Length ? Math.Max(0, taken - 1) : taken;
        }

        public void Start(CharsReceived received, Action writable)
        {
            this.writable = writable;
            new Thread(() => Serve(received)) { IsBackground = true }.Start();
        }

        private void Serve(CharsReceived received)
        {
            try
            {
                int pieces = 0;
                foreach (byte[] piece in peer.Sent.GetConsumingEnumerable(
                    flaw == CharFlaw.DeliversAfterDispose ? CancellationToken.None : ending.Token))
                {
                    pieces++;
                    if (flaw == CharFlaw.DropsInput && pieces % 3 == 0) continue;
                    if (flaw == CharFlaw.ScramblesInput) Array.Reverse(piece);
                    if (flaw == CharFlaw.DropsWhileTheGuestIsSlow && peer.Sent.Count > 4) continue;
                    received(piece);
                }
            }
            catch (OperationCanceledException)
            {
                // Disposed.
            }
        }

        public void Dispose()
        {
            if (flaw == CharFlaw.ThrowsOnSecondDispose) ObjectDisposedException.ThrowIf(isDisposed, this);
            isDisposed = true;
            ending.Cancel();
        }
    }
}

/// <summary>Has no name.</summary>
public sealed class NamelessChars : ICharBackend
{
    public OptionSchema Options => OptionSchema.Empty;
    public ICharStream Open(OptionValues options, IDeviceLog log) => throw new ConfigurationException("never");
}

/// <summary>The other end of a pipe: takes 100 000 bytes while it is stalled.</summary>
public sealed class PipePeer : Conformance.CharBackend.CharPeer
{
    private const int RoomBytes = 100_000;
    private readonly Lock gate = new();
    private readonly List<byte> received = [];
    private int unread;
    private bool isStalled;
    private Action? waiting;

    public override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["target"] = "pipe" };
    public override bool CanSend => true;
    public override bool CanStall => true;

    /// <summary>What this end has sent, in pieces.</summary>
    public BlockingCollection<byte[]> Sent { get; } = [];
    /// <summary>Whether it has gone.</summary>
    public bool HasLeft { get; private set; }

    public override byte[] Received
    {
        get
        {
            lock (gate) return [.. received];
        }
    }

    public override bool IsStalled
    {
        get => isStalled;
        set
        {
            Action? heard = null;
            lock (gate)
            {
                isStalled = value;
                if (!value)
                {
                    unread = 0;
                    (heard, waiting) = (waiting, null);
                }
            }
            heard?.Invoke();
        }
    }

    /// <summary>Takes what there is room for; tells <paramref name="writable"/> later when that was not all.</summary>
    internal int Take(byte[] bytes, Action writable)
    {
        lock (gate)
        {
            int count = isStalled ? Math.Min(bytes.Length, RoomBytes - unread) : bytes.Length;
            received.AddRange(bytes.AsSpan(0, count));
            if (isStalled) unread += count;
            if (count < bytes.Length) waiting = writable;
            return count;
        }
    }

    public override void Send(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        foreach (byte[] piece in bytes.Chunk(1000)) Sent.Add(piece);
    }

    public override void Leave() => HasLeft = true;
}
