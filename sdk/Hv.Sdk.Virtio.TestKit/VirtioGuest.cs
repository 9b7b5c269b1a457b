namespace Hv.Sdk.Virtio.TestKit;

/// <summary>A driver in a bench: negotiates, sets queues up in guest memory from 1000h on, sends buffers and takes them
/// back.</summary>
public sealed class VirtioGuest
{
    private const ulong QueueStart = 0x1000;
    private readonly List<GuestQueue> queues = [];
    private ulong heap;

    private VirtioGuest(GuestRegisters registers) => Registers = registers;

    /// <summary>The bench. A restored twin may take the place of the one that the driver began on.</summary>
    public DeviceBench Bench
    {
        get => Registers.Bench;
        set => Registers.Bench = value;
    }

    /// <summary>The transport.</summary>
    public GuestRegisters Registers { get; }
    /// <summary>Features agreed on.</summary>
    public ulong Features { get; private set; }
    /// <summary>The queues.</summary>
    public IReadOnlyList<GuestQueue> Queues => queues;
    /// <summary>Whether event indices were agreed on.</summary>
    public bool HasEventIndex => (Features & VirtioFeature.EventIndex) != 0;

    /// <summary>Brings a device up (virtio 1.2, 3.1.1) with the offered features that are in <paramref name="wanted"/>;
    /// VERSION_1 always. Queues get at most <paramref name="queueSize"/> entries, at most 256.</summary>
    public static VirtioGuest Start(DeviceBench bench, ulong wanted, int queueSize)
    {
        VirtioGuest guest = new(GuestRegisters.Of(bench));
        guest.Negotiate(wanted);
        guest.SetUpQueues(queueSize);
        guest.Registers.Status |= VirtioStatus.DriverOk;
        return guest;
    }

    /// <summary>As <see cref="Start"/>, but stops before queues are set up; false when the device refused the
    /// features.</summary>
    public static VirtioGuest? Negotiated(DeviceBench bench, ulong features)
    {
        VirtioGuest guest = new(GuestRegisters.Of(bench));
        return guest.Negotiate(features) ? guest : null;
    }

    private bool Negotiate(ulong wanted)
    {
        Registers.Status = VirtioStatus.None;
        Registers.Status = VirtioStatus.Acknowledge;
        Registers.Status |= VirtioStatus.Driver;
        Features = Registers.DeviceFeatures & (wanted | VirtioFeature.Version1);
        Registers.SetDriverFeatures(Features);
        Registers.Status |= VirtioStatus.FeaturesOk;
        return (Registers.Status & VirtioStatus.FeaturesOk) != 0;
    }

    /// <summary>Sets queues up, the first <paramref name="count"/> of them.</summary>
    public void SetUpQueues(int queueSize, int count = int.MaxValue)
    {
        queues.Clear();
        for (int i = 0; i < count && Registers.QueueMaximum(i) is int maximum && maximum > 0; i++)
        {
            ulong start = QueueStart + GuestQueue.AreaBytes * (uint)i;
            queues.Add(NewQueue(i, Math.Min(queueSize, maximum), start));
            Enable(i);
        }
        heap = QueueStart + GuestQueue.AreaBytes * (uint)queues.Count;
    }

    /// <summary>Resets one queue and sets it up anew; false when the reset has not ended.</summary>
    public bool Renew(int queue)
    {
        if (!Registers.ResetQueue(queue)) return false;
        queues[queue] = NewQueue(queue, queues[queue].Size, queues[queue].Descriptors);
        Enable(queue);
        return true;
    }

    private GuestQueue NewQueue(int index, int size, ulong start)
    {
        Bench.Memory.Bytes.AsSpan((int)start, (int)GuestQueue.AreaBytes).Clear();
        return (Features & VirtioFeature.PackedRing) != 0
            ? new PackedGuestQueue(this, index, size, start) : new SplitGuestQueue(this, index, size, start);
    }

    private void Enable(int i)
    {
        queues[i].WantInterrupt();
        Registers.EnableQueue(i, queues[i].Size, queues[i].Descriptors, queues[i].Driver, queues[i].Device);
    }

    /// <summary>Takes guest memory; begins anew at the end of memory, so it is for a few buffers at a time.</summary>
    public ulong Allocate(int bytes)
    {
        ulong first = QueueStart + GuestQueue.AreaBytes * (uint)queues.Count;
        heap = heap + 15 & ~15ul;
        if (heap + (uint)bytes > (ulong)Bench.Memory.Bytes.Length) heap = first;
        if (heap + (uint)bytes > (ulong)Bench.Memory.Bytes.Length) throw new ContractException(
            $"the bench has no room for {bytes} bytes");
        ulong at = heap;
        heap += (uint)bytes;
        return at;
    }

    /// <summary>Puts bytes into guest memory; where.</summary>
    public ulong Place(ReadOnlySpan<byte> bytes)
    {
        ulong at = Allocate(bytes.Length);
        bytes.CopyTo(Bench.Memory.Bytes.AsSpan((int)at));
        return at;
    }

    /// <summary>Guest memory.</summary>
    public Span<byte> Memory(ulong at, int length) => Bench.Memory.Bytes.AsSpan((int)at, length);

    /// <summary>Sends one buffer and takes it back; what the device wrote into the <paramref name="writableBytes"/>
    /// bytes that follow
    /// <paramref name="readable"/>. The device must answer at once.</summary>
    public byte[] Exchange(int queue, ReadOnlySpan<byte> readable, int writableBytes, out uint written)
    {
        GuestQueue q = queues[queue];
        List<GuestSegment> segments = [];
        if (!readable.IsEmpty) segments.Add(new GuestSegment(Place(readable), readable.Length, false));
        ulong answer = Allocate(Math.Max(1, writableBytes));
        Memory(answer, writableBytes).Clear();
        if (writableBytes > 0) segments.Add(new GuestSegment(answer, writableBytes, true));
        int id = q.TryAdd(segments, null) ?? throw new ContractException("the queue is full");
        q.Kick();
        UsedBuffer used = q.TryTake() ?? throw new ContractException($"queue {queue}: the device has not answered");
        if (used.Id != id) throw new ContractException($"queue {queue}: buffer {used.Id} came back instead of {id}");
        q.WantInterrupt();
        written = used.Written;
        return Memory(answer, writableBytes).ToArray();
    }

    /// <summary>Cuts a range into pieces at random.</summary>
    public static IEnumerable<GuestSegment> Cut(Random random, ulong at, int length, bool isWritable, int pieces)
    {
        ArgumentNullException.ThrowIfNull(random);
        for (; pieces > 1 && length > 1; pieces--)
        {
            int piece = random.Next(1, length);
            yield return new GuestSegment(at, piece, isWritable);
            (at, length) = (at + (uint)piece, length - piece);
        }
        if (length > 0) yield return new GuestSegment(at, length, isWritable);
    }
}
