using Hv.Sdk.State;
using Hv.Sdk.Virtio.Rings;

namespace Hv.Sdk.Virtio;

/// <summary>A virtqueue as a device uses it: take a buffer, complete it, flush. On the device's strand. A driver's
/// error in the ring sets DEVICE_NEEDS_RESET and looks like an empty queue; nothing here throws for what a guest wrote.
/// Hot path: allocates nothing.</summary>
public sealed class VirtQueue
{
    /// <summary>Buffers after which a device that finds more and more lets others on its strand go first: vCPUs that
    /// keep adding cannot hold it for ever.</summary>
    internal const ushort BurstLimit = 1024;

    private readonly VirtioEndpoint endpoint;
    private readonly Action notifyAgain;

    internal VirtQueue(VirtioEndpoint endpoint, int index, ushort maximumSize)
    {
        this.endpoint = endpoint;
        notifyAgain = NotifyAgain;
        Index = index;
        MaximumSize = maximumSize;
        State = new VirtQueueState();
        State.Clear(maximumSize);
    }

    /// <summary>Its number.</summary>
    public int Index { get; }
    /// <summary>Largest size that the driver may choose.</summary>
    public ushort MaximumSize { get; }
    /// <summary>Entries that the driver chose.</summary>
    public int Size => State.Size;
    /// <summary>The driver has turned it on.</summary>
    public bool IsEnabled => State.IsEnabled;
    /// <summary>Buffers can be taken and given back now.</summary>
    public bool IsLive => State.IsEnabled && endpoint.IsLive;

    internal VirtQueueState State { get; private set; }

    /// <summary>Takes the next buffer. False: there is none for now; <see cref="IVirtioDevice.QueueNotified"/> follows
    /// when there is.</summary>
    public bool TryPop(VirtioChain chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (!IsLive || State.IsOwedNotification) return false;
        if (State.Burst == BurstLimit)
        {
            NotifyLater();
            return false;
        }
        RingStatus status = endpoint.IsPacked
            ? PackedRing.TryPop(State, endpoint, chain, out string? error)
            : SplitRing.TryPop(State, endpoint, chain, out error);
        State.Burst = status == RingStatus.Taken ? (ushort)(State.Burst + 1) : (ushort)0;
        if (status == RingStatus.Broken) endpoint.Fail(error!);
        return status == RingStatus.Taken;
    }

    /// <summary>Remembers the place, to put buffers back that were taken after it.</summary>
    public QueueMark Mark() => new() { NextAvailable = State.NextAvailable, AvailableWrap = State.AvailableWrap };

    /// <summary>Puts back what was taken since <paramref name="mark"/>; none of it may have been completed.</summary>
    public void Rewind(in QueueMark mark)
    {
        State.NextAvailable = mark.NextAvailable;
        State.AvailableWrap = mark.AvailableWrap;
    }

    /// <summary>Gives a buffer back, of which the first <paramref name="writtenBytes"/> writable bytes were written.
    /// The driver sees it after <see cref="Flush"/>; buffers of one flush appear at once. Ignored when the queue has
    /// been reset since.</summary>
    public void Complete(VirtioToken token, uint writtenBytes)
    {
        if (!IsLive) return;
        bool isDone = endpoint.IsPacked
            ? PackedRing.TryComplete(State, endpoint.Dma, token, writtenBytes)
            : SplitRing.TryComplete(State, endpoint.Dma, token, writtenBytes);
        if (!isDone) endpoint.Fail("a queue is not in RAM");
    }

    /// <summary>Shows the driver what was completed and interrupts it when it wants to know. Call it at the end of
    /// every callback that completed something.</summary>
    public void Flush()
    {
        if (!IsLive) return;
        RingStatus status = endpoint.IsPacked
            ? PackedRing.Publish(State, endpoint)
            : SplitRing.Publish(State, endpoint);
        if (status == RingStatus.Broken) endpoint.Fail("a queue is not in RAM");
        else if (status == RingStatus.Interrupt) endpoint.Transport.QueueInterrupt(this);
    }

    /// <summary>Has the device notified again from a call of its own, after others on the strand: for one that stops in
    /// the middle of something long. Nothing can be taken before that.</summary>
    public void NotifyLater()
    {
        if (State.IsOwedNotification) return;
        State.IsOwedNotification = true;
        endpoint.Post(notifyAgain);
    }

    private void NotifyAgain()
    {
        if (State.IsOwedNotification) endpoint.Notify((uint)Index);
    }

    /// <summary>The device is about to look at the queue anew.</summary>
    internal void BeginBurst()
    {
        State.Burst = 0;
        State.IsOwedNotification = false;
    }

    /// <summary>After a restore: what was posted when the machine was saved is posted again.</summary>
    internal void PostOwed()
    {
        if (State.IsOwedNotification) endpoint.Post(notifyAgain);
    }

    internal void Adopt(VirtQueueState state) => State = state;

    /// <summary>Turns it on when the driver has set it up as it must (virtio 1.2, 2.7 and 2.8.10).</summary>
    internal void Enable()
    {
        if (State.IsEnabled) return;
        if (!IsWellFormed())
        {
            endpoint.Fail("a queue was enabled with a bad size or alignment");
            return;
        }
        State.Rewind();
        State.IsEnabled = true;
    }

    internal void Clear() => State.Clear(MaximumSize);

    /// <summary>Checks a state from a file: what <see cref="Enable"/> guarantees and the rings rely on.</summary>
    internal void Validate(VirtQueueState state)
    {
        Adopt(state);
        bool arePositionsInside = !endpoint.IsPacked
            || (state.NextAvailable < state.Size && state.NextUsed < state.Size && state.PublishedUsed < state.Size);
        if (state.IsEnabled && !(IsWellFormed() && arePositionsInside))
            throw new StateException($"queue {Index} is set up in a way that no driver could have");
    }

    private bool IsWellFormed()
    {
        VirtQueueState q = State;
        if (q.Size == 0 || q.Size > MaximumSize) return false;
        // 2.7: descriptors, available and used ring aligned to 16, 2 and 4; a power of two. 2.8: 16, 4 and 4; any size.
        return endpoint.IsPacked
            ? (q.Descriptors & 15) == 0 && (q.Driver & 3) == 0 && (q.Device & 3) == 0
            : (q.Size & (q.Size - 1)) == 0 && (q.Descriptors & 15) == 0 && (q.Driver & 1) == 0 && (q.Device & 3) == 0;
    }
}
