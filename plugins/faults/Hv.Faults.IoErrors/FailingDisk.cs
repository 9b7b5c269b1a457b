using Hv.Sdk.Block;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.IoErrors;

/// <summary>A disk of which requests fail. A failed request never reaches the medium; the device hears of it as soon as
/// its strand is free, as the port's contract wants.</summary>
internal sealed class FailingDisk : ForwardingBlockPort, IFaultState
{
    private const int MaxPending = 1024;

    private readonly IoErrorsOptions options;
    private readonly IFaultScope scope;
    private readonly IVmTimer timer;
    private readonly BlockStatus status;
    private readonly Queue<ulong> pending = new();

    public FailingDisk(IBlockPort inner, IoErrorsOptions options, IFaultScope scope) : base(inner)
    {
        this.options = options;
        this.scope = scope;
        timer = scope.CreateTimer("failed", Tell);
        status = options.Error switch
        {
            IoError.NoSpace => BlockStatus.NoSpace,
            IoError.ReadOnly => BlockStatus.ReadOnly,
            IoError.Unsupported => BlockStatus.Unsupported,
            _ => BlockStatus.IoError,
        };
    }

    public override bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        if (!IsMeant(request) || !scope.Strikes()) return base.TrySubmit(request, segments);
        string range = request.Operation == BlockOperation.Flush
            ? "" : $" of {request.LengthBytes} bytes at {request.OffsetBytes}";
        scope.Fired($"{request.Operation.ToString().ToLowerInvariant()}{range} ended with {status}");
        pending.Enqueue(request.Tag);
        timer.Arm(scope.Clock.Now);
        return true;
    }

    private bool IsMeant(in BlockRequest request)
    {
        bool isOperation = options.Operation switch
        {
            IoOperation.Any => true,
            IoOperation.Read => request.Operation == BlockOperation.Read,
            IoOperation.Write => request.Operation is BlockOperation.Write
                or BlockOperation.WriteZeroes or BlockOperation.WriteZeroesUnmap,
            IoOperation.Flush => request.Operation == BlockOperation.Flush,
            IoOperation.Discard => request.Operation == BlockOperation.Discard,
            _ => false,
        };
        if (!isOperation || request.Operation == BlockOperation.Flush || (options.Start == 0 && options.Length == 0))
            return isOperation;
        ulong first = (ulong)request.OffsetBytes;
        ulong end = options.Length == 0 ? ulong.MaxValue : options.Start + options.Length;
        return first < end && first + (ulong)request.LengthBytes > options.Start;
    }

    private void Tell(VmTime due)
    {
        while (pending.TryDequeue(out ulong tag)) Listener?.Completed(tag, status);
    }

    public override void Abandon(ulong tag)
    {
        // Each tag is in flight once, here or below.
        for (int left = pending.Count; left > 0; left--)
        {
            ulong next = pending.Dequeue();
            if (next != tag) pending.Enqueue(next);
        }
        base.Abandon(tag);
    }

    public void Reset()
    {
        pending.Clear();
        timer.Cancel();
    }

    public void Save(StateWriter writer)
    {
        foreach (ulong tag in pending) writer.Group(1, w => w.UInt(1, tag));
    }

    public void Load(StateReader reader)
    {
        pending.Clear();
        foreach (StateReader group in reader.Groups(1, MaxPending)) pending.Enqueue(group.UInt(1, 0, ulong.MaxValue));
    }
}
