using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;

namespace Hv.Vmm.Backends;

/// <summary>A disk between a device and an image. In real-time mode I/O threads move bytes straight between the image
/// and guest memory and completions
/// are posted on the device's strand. In deterministic mode a request takes a modelled time; the bytes move when it is
/// over.
/// Requests that the device has not heard of again are saved with the machine and issued anew after a
/// restore.</summary>
internal sealed class BlockPort : IBlockPort, IBackendPort
{
    private const int Slots = 128;
    private const int SegmentLimit = 256;
    private const int PieceLimit = 1 << 30;
    // The modelled disk of deterministic mode: one request after the other, 20 µs each and 1 GB/s.
    private const long ModelLatencyNs = 20_000;

    private enum Phase : byte
    {
        Free,
        Underway,
        Done,
    }

    private readonly DeviceNode node;
    private readonly GuestMemory memory;
    private readonly DiskMedium medium;
    private readonly IoPool pool;
    private readonly IMachineClock clock;
    private readonly IVmTimer? completionTimer;
    private readonly object gate = new();
    private readonly Lock imageGate = new();
    private readonly Request[] requests = new Request[Slots];
    private readonly Stack<int> free = new(Slots);
    private readonly Queue<int> done = new(Slots);
    private readonly Queue<int> modelled = new(Slots);
    private readonly Queue<int> restored = new();
    private readonly Action deliver;
    private IBlockListener? listener;
    private long modelBusyUntilNs;
    private int underway;

    public BlockPort(DeviceNode node, string slot, GuestMemory memory, DiskMedium medium, IoPool pool,
        IMachineClock clock, TimerQueue timers)
    {
        this.node = node;
        this.memory = memory;
        this.medium = medium;
        this.pool = pool;
        this.clock = clock;
        deliver = Deliver;
        for (int i = Slots - 1; i >= 0; i--)
        {
            requests[i] = new Request();
            free.Push(i);
        }
        if (clock is DeterministicClock) completionTimer = timers.Create(node, $"backend {slot}", CompleteModelled);
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

    /// <summary>Hot path: allocates nothing once a slot's list of pieces has grown.</summary>
    public bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        int slot;
        lock (gate)
        {
            if (!free.TryPop(out slot)) return false;
            underway++;
        }
        Request r = requests[slot];
        r.Phase = Phase.Underway;
        r.Asked = request;
        r.Segments.Clear();
        foreach (ref readonly DmaSegment segment in segments) r.Segments.Add(segment);
        Issue(slot);
        return true;
    }

    private void Issue(int slot)
    {
        Request r = requests[slot];
        r.Status = Check(r.Asked);
        if (r.Status == BlockStatus.Ok && !TryResolve(r)) r.Status = BlockStatus.IoError;
        if (completionTimer is not null)
        {
            long start = Math.Max(clock.Now.Nanoseconds, modelBusyUntilNs);
            bool moves = r.Asked.Operation is BlockOperation.Read or BlockOperation.Write;
            modelBusyUntilNs = start + ModelLatencyNs + (moves ? Math.Max(0, r.Asked.LengthBytes) : 0);
            r.DueNs = modelBusyUntilNs;
            modelled.Enqueue(slot);
            if (modelled.Count == 1) completionTimer.Arm(VmTime.FromNs(r.DueNs));
            return;
        }
        if (r.Status == BlockStatus.Ok) pool.Enqueue(this, slot);
        else Finish(slot);
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

    private bool TryResolve(Request r)
    {
        r.Pieces.Clear();
        if (r.Asked.Operation is not (BlockOperation.Read or BlockOperation.Write)) return true;
        bool write = r.Asked.Operation == BlockOperation.Read;
        MemoryMap map = memory.Map;
        long total = 0;
        if (r.Segments.Count > SegmentLimit) return false;
        foreach (DmaSegment segment in r.Segments)
        {
            ulong address = segment.Address.Value;
            ulong left = segment.LengthBytes;
            total += segment.LengthBytes;
            while (left > 0)
            {
                ulong run = Math.Min(Math.Min(left, map.RunLength(address, write)), PieceLimit);
                if (run == 0 || !map.TryResolve(address, run, write, out ulong offset)) return false;
                r.Pieces.Add(new Piece(address, offset, (int)run));
                address += run;
                left -= run;
            }
        }
        return total == r.Asked.LengthBytes;
    }

    /// <summary>Carries a request out. On an I/O thread.</summary>
    public void Execute(int slot)
    {
        Request r = requests[slot];
        r.Status = Perform(r);
        Finish(slot);
    }

    private BlockStatus Perform(Request r)
    {
        try
        {
            if (medium.Image.IsConcurrent) return PerformOn(medium.Image, r);
            lock (imageGate) return PerformOn(medium.Image, r);
        }
        catch (Exception e)
        {
            node.Log.Write(LogLevel.Error, $"the disk image failed: {e.GetType().Name}: {e.Message}");
            return BlockStatus.IoError;
        }
    }

    private BlockStatus PerformOn(IDiskImage image, Request r)
    {
        long offset = r.Asked.OffsetBytes;
        switch (r.Asked.Operation)
        {
            case BlockOperation.Read:
                return Transfer(image, r, offset, isRead: true);
            case BlockOperation.Write:
                return Transfer(image, r, offset, isRead: false);
            case BlockOperation.Flush:
                return image.Flush();
            case BlockOperation.Discard:
                return image.Discard(offset, r.Asked.LengthBytes);
            default:
                bool mayUnmap = r.Asked.Operation == BlockOperation.WriteZeroesUnmap;
                return image.WriteZeroes(offset, r.Asked.LengthBytes, mayUnmap);
        }
    }

    // Images take whole sectors; a guest may cut its buffers anywhere. Pieces that are not whole sectors go through a
    // buffer.
    private BlockStatus Transfer(IDiskImage image, Request r, long offset, bool isRead)
    {
        bool isWhole = true;
        foreach (Piece piece in r.Pieces) isWhole &= (piece.Length & (SectorBytes - 1)) == 0;
        if (!isWhole) return TransferBuffered(image, r, offset, isRead);
        foreach (Piece piece in r.Pieces)
        {
            Span<byte> bytes = memory.Span(piece.FileOffset, piece.Length);
            if (isRead) memory.Touch(piece.Address, piece.FileOffset, (ulong)piece.Length);
            BlockStatus status = isRead ? image.Read(offset, bytes) : image.Write(offset, bytes);
            if (isRead) memory.Touch(piece.Address, piece.FileOffset, (ulong)piece.Length);
            if (status != BlockStatus.Ok) return status;
            offset += piece.Length;
        }
        return BlockStatus.Ok;
    }

    private BlockStatus TransferBuffered(IDiskImage image, Request r, long offset, bool isRead)
    {
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent((int)Math.Min(r.Asked.LengthBytes, PieceLimit));
        try
        {
            if (r.Asked.LengthBytes > buffer.Length) return BlockStatus.Unsupported;
            Span<byte> all = buffer.AsSpan(0, (int)r.Asked.LengthBytes);
            BlockStatus status = isRead ? image.Read(offset, all) : BlockStatus.Ok;
            if (status != BlockStatus.Ok) return status;
            int at = 0;
            foreach (Piece piece in r.Pieces)
            {
                Span<byte> bytes = memory.Span(piece.FileOffset, piece.Length);
                Span<byte> part = all.Slice(at, piece.Length);
                at += piece.Length;
                if (!isRead)
                {
                    bytes.CopyTo(part);
                    continue;
                }
                memory.Touch(piece.Address, piece.FileOffset, (ulong)piece.Length);
                part.CopyTo(bytes);
                memory.Touch(piece.Address, piece.FileOffset, (ulong)piece.Length);
            }
            return isRead ? BlockStatus.Ok : image.Write(offset, all);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Finish(int slot)
    {
        bool mustPost;
        lock (gate)
        {
            requests[slot].Phase = Phase.Done;
            underway--;
            mustPost = done.Count == 0;
            done.Enqueue(slot);
            if (underway == 0) Monitor.PulseAll(gate);
        }
        if (mustPost) node.Strand.Post(deliver);
    }

    private void Deliver()
    {
        while (true)
        {
            int slot;
            lock (gate)
            {
                if (!done.TryDequeue(out slot)) return;
            }
            Tell(slot);
        }
    }

    // Deterministic mode, on the strand: the modelled disk is done with its oldest request.
    private void CompleteModelled(VmTime due)
    {
        int slot = modelled.Dequeue();
        Request r = requests[slot];
        if (modelled.TryPeek(out int next)) completionTimer!.Arm(VmTime.FromNs(requests[next].DueNs));
        if (r.Status == BlockStatus.Ok) r.Status = Perform(r);
        lock (gate) underway--;
        Tell(slot);
    }

    private void Tell(int slot)
    {
        Request r = requests[slot];
        ulong tag = r.Asked.Tag;
        BlockStatus status = r.Status;
        Completed++;
        if (r.Asked.Operation is BlockOperation.Read or BlockOperation.Write && status == BlockStatus.Ok)
            BytesMoved += (ulong)r.Asked.LengthBytes;
        lock (gate)
        {
            r.Phase = Phase.Free;
            free.Push(slot);
        }
        if (!node.IsFailed) listener?.Completed(tag, status);
    }

    // ---- the core's side

    public string StateId => "core.block";
    public string? WhyUnsaveable => medium.WhyUnsaveable;
    /// <summary>What the port is connected to.</summary>
    public DiskMedium Medium => medium;

    public bool Quiesce(TimeSpan patience)
    {
        if (completionTimer is not null) return true;
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (gate)
        {
            while (underway > 0)
            {
                long left = deadline - Environment.TickCount64;
                if (left <= 0) return false;
                Monitor.Wait(gate, (int)Math.Min(left, 1000));
            }
            return true;
        }
    }

    public void Reset()
    {
        lock (gate)
        {
            done.Clear();
            modelled.Clear();
            free.Clear();
            underway = 0;
            modelBusyUntilNs = 0;
            for (int i = Slots - 1; i >= 0; i--)
            {
                requests[i].Phase = Phase.Free;
                free.Push(i);
            }
        }
    }

    public void Flush()
    {
        try
        {
            if (medium.Image.IsConcurrent) _ = medium.Image.Flush();
            else if (imageGate.TryEnter(TimeSpan.FromSeconds(5)))
            {
                try
                {
                    _ = medium.Image.Flush();
                }
                finally
                {
                    imageGate.Exit();
                }
            }
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
        foreach (Request r in Unheard()) writer.Group(5, r.Save);
    }

    // In the order in which they are to be issued again.
    private IEnumerable<Request> Unheard() => modelled.Count > 0
        ? modelled.Select(slot => requests[slot])
        : requests.Where(r => r.Phase != Phase.Free).OrderBy(r => r.DueNs);

    public void Load(StateReader reader)
    {
        medium.CheckGeneration(reader.Text(1, 256));
        if (reader.UInt(2, 0, long.MaxValue) != (ulong)LengthBytes)
            throw new StateException($"the disk of {node.Path} had another size when the machine was saved");
        Reset();
        foreach (StateReader group in reader.Groups(5, Slots))
        {
            int slot = free.Pop();
            Request r = requests[slot];
            r.Load(group, SegmentLimit);
            r.Phase = Phase.Underway;
            underway++;
            restored.Enqueue(slot);
        }
        modelBusyUntilNs = reader.Int(4, 0);
    }

    public void Resumed()
    {
        while (restored.TryDequeue(out int slot))
        {
            Request r = requests[slot];
            if (completionTimer is null)
            {
                Issue(slot);
                continue;
            }
            // Deadlines came with the request, the timer with the machine's timers.
            r.Status = Check(r.Asked);
            if (r.Status == BlockStatus.Ok && !TryResolve(r)) r.Status = BlockStatus.IoError;
            modelled.Enqueue(slot);
        }
    }

    public void Dispose() => medium.Dispose();

    private readonly record struct Piece(ulong Address, ulong FileOffset, int Length);

    private sealed class Request
    {
        public volatile Phase Phase;
        public BlockRequest Asked;
        public BlockStatus Status;
        public long DueNs;
        public readonly List<DmaSegment> Segments = [];
        public readonly List<Piece> Pieces = [];

        public void Save(StateWriter writer)
        {
            writer.UInt(1, (ulong)Asked.Operation);
            writer.Int(2, Asked.OffsetBytes);
            writer.Int(3, Asked.LengthBytes);
            writer.UInt(4, Asked.Tag);
            writer.Int(5, DueNs);
            foreach (DmaSegment segment in Segments)
            {
                writer.Group(6, w =>
                {
                    w.UInt(1, segment.Address.Value);
                    w.UInt(2, segment.LengthBytes);
                });
            }
        }

        public void Load(StateReader reader, int segmentLimit)
        {
            Asked = new BlockRequest
            {
                Operation = (BlockOperation)reader.UInt(1, 0, byte.MaxValue),
                OffsetBytes = reader.Int(2, 0),
                LengthBytes = reader.Int(3, 0),
                Tag = reader.UInt(4, 0, ulong.MaxValue),
            };
            DueNs = reader.Int(5, 0);
            Segments.Clear();
            foreach (StateReader group in reader.Groups(6, segmentLimit))
            {
                Segments.Add(new DmaSegment
                {
                    Address = new GuestPhysicalAddress(group.UInt(1, 0, ulong.MaxValue)),
                    LengthBytes = (uint)group.UInt(2, 0, uint.MaxValue),
                });
            }
        }
    }
}
