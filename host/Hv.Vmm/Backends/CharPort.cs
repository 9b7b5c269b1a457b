using Hv.Interop;
using Hv.Sdk;
using Hv.Sdk.Chars;
using Hv.Sdk.State;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A serial line between a device and the host: a bounded queue in each direction. The device's side runs on
/// its strand; a pump thread of its own carries output to the host, which may be slow.</summary>
internal abstract class CharPort : ICharPort, IBackendPort
{
    private const int OutputBytes = 64 << 10;
    // Deterministic mode: a person may stop the terminal for a while; the machine goes on meanwhile.
    private const int PatientOutputBytes = 16 << 20;
    private const int InputBytes = 4 << 10;
    private const int PieceBytes = 4 << 10;
    private static readonly Callee Terminal = Callee.Of("the host's terminal", CalleeKind.Host);

    private readonly DeviceNode node;
    private readonly bool neverRefuses;
    private readonly Lock gate = new();
    private readonly ByteRing output;
    private readonly ByteRing input = new(InputBytes);
    private readonly PreciseEvent pumpWake = new();
    private readonly SemaphoreSlim inputRoom = new(0);
    private readonly CancellationTokenSource ending = new();
    private readonly ManualResetEventSlim drained = new(true);
    private readonly ManualResetEventSlim outputRoom = new(true);
    private readonly Action deliver;
    private readonly Action readyToSend;
    private readonly WatchedThreads threads;
    private Thread? pump;
    private ICharListener? listener;
    private bool hasRefused;
    private bool isDelivering;
    private bool isBlocked;

    /// <param name="node">The device.</param>
    /// <param name="threads">Where the pump is started.</param>
    /// <param name="neverRefuses">Deterministic mode: how fast the host takes output must not be seen by the guest, so
    /// the sender waits instead.</param>
    protected CharPort(DeviceNode node, WatchedThreads threads, bool neverRefuses)
    {
        this.node = node;
        this.threads = threads;
        this.neverRefuses = neverRefuses;
        output = new ByteRing(neverRefuses ? PatientOutputBytes : OutputBytes);
        deliver = Deliver;
        readyToSend = () => listener?.ReadyToSend();
    }

    /// <summary>Cancelled when the machine ends.</summary>
    protected CancellationToken Ending => ending.Token;

    /// <summary>Carries output to the host; how many bytes were taken. On the pump thread. After taking fewer,
    /// <see cref="Writable"/> is called.</summary>
    protected abstract int Write(ReadOnlyMemory<byte> bytes);

    /// <summary>Starts the pump. Last in a derived constructor.</summary>
    protected void StartPump() => pump = threads.Start($"{node.Path}: output", Pump);

    /// <summary>The host takes output again. Any thread.</summary>
    protected void Writable() => pumpWake.Set();

    // ---- the device's side, on the strand

    public void Listen(ICharListener to) => listener = to;

    /// <summary>Hot path.</summary>
    public bool TrySend(byte value) => TrySend(new ReadOnlySpan<byte>(in value)) == 1;

    /// <summary>Hot path.</summary>
    public int TrySend(ReadOnlySpan<byte> values)
    {
        int taken = Append(values);
        if (!neverRefuses || taken == values.Length) return taken;
        using CallScope scope = CallRecord.Enter(Terminal);
        while (taken < values.Length && !ending.IsCancellationRequested)
        {
            outputRoom.Wait(100);
            taken += Append(values[taken..]);
        }
        return taken;
    }

    private int Append(ReadOnlySpan<byte> values)
    {
        int taken;
        lock (gate)
        {
            taken = output.Write(values);
            if (taken < values.Length)
            {
                hasRefused = true;
                outputRoom.Reset();
            }
            if (taken > 0) drained.Reset();
        }
        if (taken > 0) pumpWake.Set();
        return taken;
    }

    public void ReadyToReceive()
    {
        lock (gate)
        {
            isBlocked = false;
            if (input.Count == 0 || isDelivering) return;
            isDelivering = true;
        }
        node.Strand.Post(deliver);
    }

    private void Deliver()
    {
        byte[] piece = new byte[256];
        while (true)
        {
            int length;
            lock (gate)
            {
                isDelivering = false;
                if (isBlocked || listener is null || node.IsFailed) return;
                ReadOnlySpan<byte> next = input.Peek();
                length = Math.Min(next.Length, piece.Length);
                next[..length].CopyTo(piece);
                if (length == 0) return;
                isBlocked = true; // until shown otherwise; ReadyToReceive may come inside the call
            }
            int taken = Math.Clamp(listener.Receive(piece.AsSpan(0, length)), 0, length);
            lock (gate)
            {
                input.Skip(taken);
                if (taken == length) isBlocked = false;
            }
            if (taken > 0) inputRoom.Release();
        }
    }

    // ---- the host's side, any thread

    /// <summary>Queues input for the guest; how many bytes were taken.</summary>
    protected int Offer(ReadOnlySpan<byte> bytes)
    {
        bool mustPost;
        int taken;
        lock (gate)
        {
            taken = input.Write(bytes);
            mustPost = taken > 0 && !isBlocked && !isDelivering;
            if (mustPost) isDelivering = true;
        }
        if (mustPost) node.Strand.Post(deliver);
        return taken;
    }

    /// <summary>Waits until the guest has taken some input.</summary>
    protected Task InputRoomAsync(CancellationToken cancel) => inputRoom.WaitAsync(100, cancel);

    /// <summary>Waits until the guest has taken some input or the machine ends.</summary>
    protected void WaitInputRoom()
    {
        try
        {
            inputRoom.Wait(100, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at Ending.
        }
    }

    /// <summary>Tells the device the terminal's size.</summary>
    protected void PostSize(int columns, int rows) => node.Strand.Post(() => listener?.Resized(columns, rows));

    private void Pump()
    {
        byte[] piece = new byte[PieceBytes];
        int length = 0;
        int sent = 0;
        while (!ending.IsCancellationRequested || sent < length || HasOutput)
        {
            if (sent == length)
            {
                sent = 0;
                length = TakeOutput(piece);
                if (length == 0)
                {
                    _ = pumpWake.Wait(long.MaxValue);
                    continue;
                }
            }
            int taken = TryWrite(piece.AsMemory(sent, length - sent));
            if (taken < 0) break;
            sent += taken;
            if (sent < length && taken == 0)
            {
                if (ending.IsCancellationRequested) break;
                _ = pumpWake.Wait(HostClock.NowNs + 100_000_000);
            }
        }
        drained.Set();
    }

    private bool HasOutput
    {
        get
        {
            lock (gate) return output.Count > 0;
        }
    }

    private int TakeOutput(Span<byte> to)
    {
        bool mustTell = false;
        int length;
        lock (gate)
        {
            length = output.Read(to);
            if (length == 0) drained.Set();
            if (hasRefused && output.Room >= OutputBytes / 2)
            {
                hasRefused = false;
                outputRoom.Set();
                mustTell = !neverRefuses;
            }
        }
        if (mustTell) node.Strand.Post(readyToSend);
        return length;
    }

    // A backend that throws loses its output; the guest's line goes on.
    private int TryWrite(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Math.Clamp(Write(bytes), 0, bytes.Length);
        }
        catch (Exception e)
        {
            node.Log.Write(LogLevel.Error, $"the host's side of the line failed, output is dropped: {e.Message}");
            return bytes.Length;
        }
    }

    // ---- the core's side

    public string StateId => "core.chars";
    public string? WhyUnsaveable => null;

    public void Quiesce(TimeSpan patience)
    {
    }

    public void Reset()
    {
        lock (gate)
        {
            isBlocked = false;
            isDelivering = false;
            hasRefused = false;
        }
    }

    public void Flush() => drained.Wait(TimeSpan.FromSeconds(2));

    public void Save(StateWriter writer)
    {
        lock (gate)
        {
            writer.Bytes(1, input.ToArray());
            writer.Flag(2, isBlocked);
            writer.Flag(3, hasRefused);
        }
    }

    public void Load(StateReader reader)
    {
        lock (gate)
        {
            input.Skip(input.Count);
            _ = input.Write(reader.Bytes(1, InputBytes).Span);
            isBlocked = reader.Flag(2, false);
            hasRefused = reader.Flag(3, false);
        }
    }

    public void Resumed()
    {
        bool mustTell;
        bool mustDeliver;
        lock (gate)
        {
            mustTell = hasRefused && output.Room >= OutputBytes / 2 && !neverRefuses;
            if (mustTell) hasRefused = false;
            mustDeliver = input.Count > 0 && !isBlocked && !isDelivering;
            if (mustDeliver) isDelivering = true;
        }
        if (mustTell) node.Strand.Post(readyToSend);
        if (mustDeliver) node.Strand.Post(deliver);
    }

    public virtual void Dispose()
    {
        ending.Cancel();
        pumpWake.Set();
        pump?.Join(TimeSpan.FromSeconds(2));
    }
}
