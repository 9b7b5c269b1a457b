using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;

namespace Hv.Vmm.Backends;

/// <summary>A disk between a device and an image. In real-time mode I/O threads move bytes between the image and guest
/// memory and completions are posted on the device's strand. In deterministic mode a request takes a modelled time; the
/// bytes move when it is over. Requests that the device has not heard of again are saved with the machine and issued
/// anew after a restore.</summary>
internal sealed class BlockPort : IBlockPort, IBackendPort
{
    private const int Slots = 128;
    private const int SegmentLimit = 256;
    // The modelled disk of deterministic mode: one request after the other, 20 µs each and 1 GB/s.
    private const long ModelLatencyNs = 20_000;
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(5);

    private readonly DeviceNode node;
    private readonly GuestMemory memory;
    private readonly DiskMedium medium;
    private readonly IoPool pool;
    private readonly IMachineClock clock;
    private readonly IVmTimer? completionTimer;
    private readonly byte[]? modelBuffer;
    private readonly object gate = new();
    private readonly Lock imageGate = new();
    private readonly List<BlockJob> jobs = new(Slots);
    private readonly Stack<BlockJob> free = new(Slots);
    private readonly Queue<BlockJob> done = new(Slots);
    private readonly Queue<BlockJob> modelled = new(Slots);
    private readonly Queue<BlockJob> held = new(Slots);
    private readonly Queue<BlockJob> restored = new();
    private readonly Action deliver;
    private IBlockListener? listener;
    private long modelBusyUntilNs;
    private int underway;
    // Abandoned requests in the host's hands that may still change the medium: what comes later waits for them.
    private int strays;

    public BlockPort(DeviceNode node, string slot, GuestMemory memory, DiskMedium medium, IoPool pool,
        IMachineClock clock, TimerQueue timers)
    {
        this.node = node;
        this.memory = memory;
        this.medium = medium;
        this.pool = pool;
        this.clock = clock;
        deliver = Deliver;
        for (int i = 0; i < Slots; i++) AddJob();
        if (clock is not DeterministicClock) return;
        completionTimer = timers.Create(node, $"backend {slot}", CompleteModelled);
        modelBuffer = new byte[IoPool.BufferBytes];
    }

    public long LengthBytes => medium.Image.LengthBytes;
    public int SectorBytes => medium.Image.SectorBytes;
    public int PhysicalBlockBytes => Math.Max(4096, medium.Image.SectorBytes);
    public bool IsReadOnly => medium.IsReadOnly;
    public bool CanDiscard => medium.Image.CanDiscard && !medium.IsReadOnly;
    public string Serial => medium.Serial;
    public int MaxInFlight => Slots;
    public int MaxSegments => SegmentLimit;

    /// <summary>Requests completed.</summary>
    public ulong Completed { get; private set; }
    /// <summary>Bytes moved.</summary>
    public ulong BytesMoved { get; private set; }

    public void Listen(IBlockListener to) => listener = to;

    private void AddJob()
    {
        BlockJob job = new(this);
        jobs.Add(job);
        free.Push(job);
    }

    /// <summary>Hot path: allocates nothing once a job's list of pieces has grown.</summary>
    public bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        BlockJob? job;
        lock (gate)
        {
            if (!free.TryPop(out job)) return false;
            job.Phase = BlockJobPhase.Underway;
            underway++;
        }
        job.Asked = request;
        job.Segments.Clear();
        foreach (ref readonly DmaSegment segment in segments) job.Segments.Add(segment);
        Issue(job);
        return true;
    }

    private void Issue(BlockJob job)
    {
        Examine(job);
        if (completionTimer is not null)
        {
            long start = Math.Max(clock.Now.Nanoseconds, modelBusyUntilNs);
            bool moves = job.Asked.Operation is BlockOperation.Read or BlockOperation.Write;
            modelBusyUntilNs = start + ModelLatencyNs + (moves ? Math.Max(0, job.Asked.LengthBytes) : 0);
            job.DueNs = modelBusyUntilNs;
            modelled.Enqueue(job);
            if (modelled.Count == 1) completionTimer.Arm(VmTime.FromNs(job.DueNs));
            return;
        }
        if (job.Status != BlockStatus.Ok)
        {
            Finish(job);
            return;
        }
        lock (gate)
        {
            if (strays > 0) held.Enqueue(job);
            else pool.Enqueue(job);
        }
    }

    private void Examine(BlockJob job)
    {
        job.Status = Check(job.Asked);
        if (job.Status == BlockStatus.Ok && !job.TryResolve(memory.Map, SegmentLimit)) job.Status = BlockStatus.IoError;
    }

    private BlockStatus Check(in BlockRequest r)
    {
        if (r.Operation == BlockOperation.Flush) return BlockStatus.Ok;
        if (r.Operation > BlockOperation.WriteZeroesUnmap) return BlockStatus.Unsupported;
        if (r.Operation != BlockOperation.Read && medium.IsReadOnly) return BlockStatus.ReadOnly;
        bool isInside = r.OffsetBytes >= 0 && r.LengthBytes >= 0 && r.OffsetBytes <= LengthBytes
            && r.LengthBytes <= LengthBytes - r.OffsetBytes;
        bool isAligned = ((r.OffsetBytes | r.LengthBytes) & (SectorBytes - 1)) == 0;
        return isInside && isAligned ? BlockStatus.Ok : BlockStatus.OutOfRange;
    }

    public void Abandon(ulong tag)
    {
        lock (gate)
        {
            BlockJob? job = jobs.Find(j => j.Phase != BlockJobPhase.Free && j.Asked.Tag == tag);
            if (job is not null) Abandon(job);
        }
    }

    // Under the lock. What the host has not begun is taken back; what it has begun goes on alone, without guest memory,
    // in a job that is replaced here.
    private void Abandon(BlockJob job)
    {
        if (job.Phase == BlockJobPhase.Underway) underway--;
        bool isFirst = modelled.TryPeek(out BlockJob? first) && first == job;
        bool isBack = done.Remove(job) | modelled.Remove(job) | held.Remove(job) | restored.Remove(job)
            || pool.Withdraw(job);
        if (isFirst) ArmForNext();
        if (isBack)
        {
            Release(job);
            return;
        }
        job.Abandon();
        jobs.Remove(job);
        AddJob();
        if (job.ChangesMedium) strays++;
    }

    private void Release(BlockJob job)
    {
        job.Phase = BlockJobPhase.Free;
        free.Push(job);
    }

    /// <summary>Carries a request out. On an I/O thread.</summary>
    public void Execute(BlockJob job, byte[] buffer)
    {
        job.Status = Perform(job, buffer);
        Finish(job);
    }

    private BlockStatus Perform(BlockJob job, byte[] buffer)
    {
        using CallScope scope = CallRecord.Enter(medium.Callee);
        try
        {
            if (medium.Image.IsConcurrent) return PerformOn(medium.Image, job, buffer);
            lock (imageGate) return PerformOn(medium.Image, job, buffer);
        }
        catch (Exception e)
        {
            node.Log.Write(LogLevel.Error, $"the disk image failed: {e.GetType().Name}: {e.Message}");
            return BlockStatus.IoError;
        }
    }

    private BlockStatus PerformOn(IDiskImage image, BlockJob job, byte[] buffer)
    {
        if (job.IsAbandoned) return BlockStatus.IoError;
        long offset = job.Asked.OffsetBytes;
        switch (job.Asked.Operation)
        {
            case BlockOperation.Read:
            case BlockOperation.Write:
                return Transfer(image, job, buffer);
            case BlockOperation.Flush:
                return image.Flush();
            case BlockOperation.Discard:
                return image.Discard(offset, job.Asked.LengthBytes);
            default:
                bool mayUnmap = job.Asked.Operation == BlockOperation.WriteZeroesUnmap;
                return image.WriteZeroes(offset, job.Asked.LengthBytes, mayUnmap);
        }
    }

    // Images take whole sectors; a guest may cut its buffers anywhere. Pieces of both meet in the buffer.
    private BlockStatus Transfer(IDiskImage image, BlockJob job, byte[] buffer)
    {
        bool isRead = job.Asked.Operation == BlockOperation.Read;
        long offset = job.Asked.OffsetBytes;
        long end = offset + job.Asked.LengthBytes;
        while (offset < end)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset));
            BlockStatus status = isRead ? image.Read(offset, part) : BlockStatus.Ok;
            if (status != BlockStatus.Ok) return status;
            if (!job.TryCopy(memory, part, toGuest: isRead)) return BlockStatus.IoError;
            if (!isRead) status = image.Write(offset, part);
            if (status != BlockStatus.Ok) return status;
            offset += part.Length;
        }
        return BlockStatus.Ok;
    }

    private void Finish(BlockJob job)
    {
        bool mustPost;
        lock (gate)
        {
            if (job.IsAbandoned)
            {
                EndStray(job);
                return;
            }
            job.Phase = BlockJobPhase.Done;
            underway--;
            mustPost = done.Count == 0;
            done.Enqueue(job);
            if (underway == 0) Monitor.PulseAll(gate);
        }
        if (mustPost) node.Strand.Post(deliver);
    }

    private void EndStray(BlockJob job)
    {
        if (!job.ChangesMedium || --strays > 0) return;
        while (held.TryDequeue(out BlockJob? next)) pool.Enqueue(next);
        Monitor.PulseAll(gate);
    }

    private void Deliver()
    {
        while (true)
        {
            BlockJob? job;
            lock (gate)
            {
                if (!done.TryDequeue(out job)) return;
            }
            Tell(job);
        }
    }

    // Deterministic mode, on the strand: the modelled disk is done with its oldest request.
    private void CompleteModelled(VmTime due)
    {
        BlockJob job = modelled.Dequeue();
        ArmForNext();
        if (job.Status == BlockStatus.Ok) job.Status = Perform(job, modelBuffer!);
        lock (gate) underway--;
        Tell(job);
    }

    private void ArmForNext()
    {
        if (modelled.TryPeek(out BlockJob? next)) completionTimer!.Arm(VmTime.FromNs(next.DueNs));
        else completionTimer!.Cancel();
    }

    private void Tell(BlockJob job)
    {
        ulong tag = job.Asked.Tag;
        BlockStatus status = job.Status;
        Completed++;
        if (job.Asked.Operation is BlockOperation.Read or BlockOperation.Write && status == BlockStatus.Ok)
            BytesMoved += (ulong)job.Asked.LengthBytes;
        lock (gate) Release(job);
        if (!node.IsFailed) listener?.Completed(tag, status);
    }

    // ---- the core's side

    public string StateId => "core.block";
    public string? WhyUnsaveable => medium.WhyUnsaveable;
    /// <summary>What the port is connected to.</summary>
    public DiskMedium Medium => medium;

    public void Quiesce(TimeSpan patience)
    {
        if (completionTimer is not null) return;
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (gate)
        {
            while (underway + strays > 0)
            {
                long left = deadline - Environment.TickCount64;
                if (left <= 0) return;
                Monitor.Wait(gate, (int)Math.Min(left, 1000));
            }
        }
    }

    public void Reset()
    {
        lock (gate)
        {
            foreach (BlockJob job in jobs.Where(j => j.Phase != BlockJobPhase.Free).ToList()) Abandon(job);
            modelBusyUntilNs = 0;
        }
    }

    // On a thread of its own: a host that hangs must hold up neither a save nor an end.
    public void Flush()
    {
        Thread thread = new(FlushImage) { IsBackground = true, Name = $"{node.Path}: flush" };
        thread.Start();
        if (!thread.Join(FlushPatience))
            node.Log.Write(LogLevel.Error,
                "the host does not finish writing the disk image; what it holds may be lost");
    }

    private void FlushImage()
    {
        using CallScope scope = CallRecord.Enter(medium.Callee);
        try
        {
            if (medium.Image.IsConcurrent)
            {
                _ = medium.Image.Flush();
                return;
            }
            lock (imageGate) _ = medium.Image.Flush();
        }
        catch (Exception e)
        {
            node.Log.Write(LogLevel.Error, $"flushing the disk image failed: {e.Message}");
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Text(1, medium.Generation());
        writer.UInt(2, (ulong)LengthBytes);
        writer.Int(4, modelBusyUntilNs);
        lock (gate)
        {
            foreach (BlockJob job in Unheard()) writer.Group(5, job.Save);
        }
    }

    // In the order in which they are to be issued again.
    private IEnumerable<BlockJob> Unheard() => modelled.Count > 0
        ? modelled
        : jobs.Where(j => j.Phase != BlockJobPhase.Free).OrderBy(j => j.DueNs);

    public void Load(StateReader reader)
    {
        medium.CheckGeneration(reader.Text(1, 256));
        if (reader.UInt(2, 0, long.MaxValue) != (ulong)LengthBytes)
            throw new StateException($"the disk of {node.Path} had another size when the machine was saved");
        Reset();
        foreach (StateReader group in reader.Groups(5, Slots))
        {
            BlockJob job = free.Pop();
            job.Load(group, SegmentLimit);
            job.Phase = BlockJobPhase.Underway;
            underway++;
            restored.Enqueue(job);
        }
        modelBusyUntilNs = reader.Int(4, 0);
    }

    public void Resumed()
    {
        while (restored.TryDequeue(out BlockJob? job))
        {
            if (completionTimer is null)
            {
                Issue(job);
                continue;
            }
            // Deadlines came with the request, the timer with the machine's timers.
            Examine(job);
            modelled.Enqueue(job);
        }
    }

    public void Dispose()
    {
        Reset();
        medium.Dispose();
    }
}
