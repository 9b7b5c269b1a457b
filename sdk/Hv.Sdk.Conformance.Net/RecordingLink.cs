using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.Net;

/// <summary>The core's side of a backend: keeps what is delivered, as long as there is room. Any thread.</summary>
internal sealed class RecordingLink : INetLink
{
    private readonly Lock gate = new();
    private readonly List<(byte[] Bytes, FrameInfo Info)> frames = [];
    private readonly BenchLog log = new();
    private int room = int.MaxValue;
    private int ready;
    private int count;

    /// <summary>Without it frames are only counted, which allocates nothing.</summary>
    public bool KeepsFrames { get; init; } = true;

    /// <summary>How many more frames are taken.</summary>
    public int Room
    {
        set
        {
            lock (gate) room = value;
        }
    }

    /// <summary>Frames that were taken.</summary>
    public int Count => Volatile.Read(ref count);
    /// <summary>How often the backend said that it takes frames again.</summary>
    public int Ready => Volatile.Read(ref ready);
    /// <summary>The frames that were taken.</summary>
    public List<(byte[] Bytes, FrameInfo Info)> Frames
    {
        get
        {
            lock (gate) return [.. frames];
        }
    }

    /// <inheritdoc/>
    public IVmClock Clock { get; } = new BenchClock(0);
    /// <inheritdoc/>
    public IDeviceLog Log => log;

    /// <inheritdoc/>
    public bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        lock (gate)
        {
            if (room == 0) return false;
            if (room != int.MaxValue) room--;
            count++;
            if (KeepsFrames) frames.Add((frame.ToArray(), info));
            return true;
        }
    }

    /// <inheritdoc/>
    public void ReadyToSend() => Interlocked.Increment(ref ready);
}
