using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Management;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Sdk.Virtio;

namespace Hv.Misc.VirtioBalloon;

/// <summary>The virtio memory balloon (virtio 1.2, 5.5): pages that the guest gives up or reports as free go back to
/// the host. They come back, as zeroes, when the guest touches them; a deflated page needs no work here.</summary>
// Deviation: VIRTIO_BALLOON_F_FREE_PAGE_HINT is not offered: it serves live migration, which there is none of yet.
public sealed class VirtioBalloon(VirtioBalloonOptions options)
    : IDevice, IVirtioDevice, IMemoryBalloon, IStateful, IAcpiContributor, IInspectable
{
    private const ushort DeviceId = 5;
    private const uint OtherClass = 0x00_ff00; // no PCI class fits
    private const ushort QueueSize = 128;
    private const int PageShift = 12;           // 5.5.6: pages of 4 KiB whatever the guest's own size
    private const int OptionalFirst = 2;
    private const int SpecReporting = 4;        // 5.5.2, counting queues that are not there
    private const int NumberBytes = 4;
    private const int PieceBytes = 1024;
    // Calls into the host in one callback; then others on the strand go first.
    private const int DiscardsAtATime = 1024;

    private readonly VirtioChain chain = new();
    private VirtioBalloonState state = new();
    private VirtioEndpoint endpoint = null!;
    private IDmaSpace dma = null!;
    private IVmClock clock = null!;
    private IVmTimer poll = null!;
    private IStrand strand = null!;

    /// <inheritdoc/>
    public string StateId => VirtioBalloonState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => VirtioBalloonState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => VirtioBalloonState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        dma = context.Dma;
        clock = context.Clock;
        strand = context.Strand;
        poll = context.CreateTimer("statistics", PollStatistics);
        endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = DeviceId,
            PciClass = OtherClass,
            Features = BalloonFeature.Statistics
                | (options.DeflateOnOom ? BalloonFeature.DeflateOnOutOfMemory : 0)
                | (options.Reporting ? BalloonFeature.PageReporting | BalloonFeature.PagePoison : 0)
                | (options.Packed ? VirtioFeature.PackedRing : 0),
            QueueSizes = [QueueSize, QueueSize, QueueSize, QueueSize, QueueSize],
            ConfigBytes = BalloonConfig.Bytes,
        });
        state.TargetPages = Pages(options.Inflate);
        context.Provide<IMemoryBalloon>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        // What the host wants outlives the guest.
        state = new VirtioBalloonState { TargetPages = state.TargetPages };
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = VirtioBalloonState.Load(reader);
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);

    /// <inheritdoc/>
    public void Inspect(IInspector to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Field("target-bytes", (ulong)state.TargetPages << PageShift);
        to.Field("actual-bytes", (ulong)state.ActualPages << PageShift);
        to.Field("released-bytes", state.ReleasedBytes);
        for (int i = 0; i < BalloonStatistic.Names.Length; i++) to.Field(
            BalloonStatistic.Names[i], state.Statistics[i]);
        to.Child("virtio", endpoint);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    // --- the host's side ---

    /// <inheritdoc/>
    public ulong TargetBytes
    {
        get
        {
            using StrandScope scope = strand.Enter();
            return (ulong)state.TargetPages << PageShift;
        }
        set
        {
            using StrandScope scope = strand.Enter();
            if (state.TargetPages == Pages(value)) return;
            state.TargetPages = Pages(value);
            endpoint.ConfigChanged();
        }
    }

    /// <inheritdoc/>
    public ulong ActualBytes
    {
        get
        {
            using StrandScope scope = strand.Enter();
            return (ulong)state.ActualPages << PageShift;
        }
    }

    private static uint Pages(ulong bytes) => (uint)Math.Min(bytes >> PageShift, uint.MaxValue);

    // --- the driver's side ---

    /// <inheritdoc/>
    public void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(config[BalloonConfig.PageCount..], state.TargetPages);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BalloonConfig.Actual..], state.ActualPages);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BalloonConfig.PoisonValue..], state.PoisonValue);
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> value)
    {
        if (value.Length != NumberBytes) return;
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(value);
        if (offset == BalloonConfig.Actual) state.ActualPages = number;
        else if (offset == BalloonConfig.PoisonValue) state.PoisonValue = number;
    }

    /// <inheritdoc/>
    public bool AcceptsFeatures(ulong features) => true;

    /// <inheritdoc/>
    public void DriverReady() { }

    /// <inheritdoc/>
    public void QueueNotified(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        switch (RoleOf(queue.Index))
        {
            case BalloonQueue.Inflate: Inflate(queue); break;
            case BalloonQueue.Deflate: Deflate(queue); break;
            case BalloonQueue.Statistics: TakeStatistics(queue); break;
            case BalloonQueue.Reporting: Report(queue); break;
        }
    }

    /// <inheritdoc/>
    public void QueueReset(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (queue.Index == 0) state.Inflated = 0;
        if (queue.Index >= OptionalFirst) LetGoOfStatistics();
    }

    /// <inheritdoc/>
    public void DriverReset()
    {
        state.ActualPages = state.PoisonValue = state.Inflated = 0;
        Array.Clear(state.Statistics);
        LetGoOfStatistics();
        poll.Cancel();
    }

    /// <summary>The specification numbers queues as if each were there (5.5.2); Linux numbers those that were agreed
    /// on. A queue beyond the latter's count shows that the driver follows the former.</summary>
    private BalloonQueue RoleOf(int index)
    {
        if (index < OptionalFirst) return (BalloonQueue)index;
        bool hasStatistics = endpoint.Has(BalloonFeature.Statistics),
            hasReporting = endpoint.Has(BalloonFeature.PageReporting);
        int reporting = endpoint.Queues[SpecReporting].IsEnabled ? SpecReporting : hasStatistics
            ? OptionalFirst + 1 : OptionalFirst;
        if (hasReporting && index == reporting) return BalloonQueue.Reporting;
        return hasStatistics && index == OptionalFirst ? BalloonQueue.Statistics : BalloonQueue.None;
    }

    // --- pages ---

    /// <summary>Buffers of page numbers (5.5.6). Runs of neighbours, up or down, go back to the host in one
    /// call.</summary>
    private void Inflate(VirtQueue queue)
    {
        int budget = DiscardsAtATime;
        while (true)
        {
            QueueMark mark = queue.Mark();
            if (!queue.TryPop(chain)) break;
            chain.Skip(state.Inflated);
            if (!TryInflate(ref budget))
            {
                if (!queue.IsLive) return;
                queue.Rewind(mark);
                queue.NotifyLater();
                break;
            }
            state.Inflated = 0;
            queue.Complete(chain.Token, 0);
        }
        queue.Flush();
    }

    /// <summary>Takes the pages of what is left of <see cref="chain"/>; false when the budget is used up or the buffer
    /// is not in RAM.</summary>
    private bool TryInflate(ref int budget)
    {
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (chain.ReadableBytes >= NumberBytes)
        {
            if (budget <= 0) return false;
            Span<byte> numbers = piece[..(int)(Math.Min(chain.ReadableBytes, PieceBytes) & ~(NumberBytes - 1u))];
            if (!chain.TryTake(dma, numbers))
            {
                endpoint.Fail("a buffer is not in RAM");
                return false;
            }
            state.Inflated += (uint)numbers.Length;
            budget -= DiscardPages(numbers);
        }
        return true;
    }

    private int DiscardPages(ReadOnlySpan<byte> numbers)
    {
        int calls = 0;
        while (!numbers.IsEmpty)
        {
            ulong first = BinaryPrimitives.ReadUInt32LittleEndian(numbers), last = first;
            numbers = numbers[NumberBytes..];
            for (; !numbers.IsEmpty; numbers = numbers[NumberBytes..])
            {
                ulong next = BinaryPrimitives.ReadUInt32LittleEndian(numbers);
                if (next == last + 1) last = next;
                else if (next + 1 == first) first = next;
                else break;
            }
            Discard(new GuestPhysicalAddress(first << PageShift), last - first + 1 << PageShift);
            calls++;
        }
        return calls;
    }

    private void Discard(GuestPhysicalAddress address, ulong lengthBytes)
    {
        if (dma.TryDiscard(address, lengthBytes)) state.ReleasedBytes += lengthBytes;
    }

    private void Deflate(VirtQueue queue)
    {
        while (queue.TryPop(chain)) queue.Complete(chain.Token, 0);
        queue.Flush();
    }

    /// <summary>Free-page reporting (5.5.6.7): each buffer's own pieces are the free pages. A guest that fills free
    /// pages with something else than zero would find zeroes (5.5.6.7.2): its pages stay.</summary>
    private void Report(VirtQueue queue)
    {
        bool mayDiscard = !endpoint.Has(BalloonFeature.PagePoison) || state.PoisonValue == 0;
        int budget = DiscardsAtATime;
        while (budget > 0 && queue.TryPop(chain))
        {
            foreach (ref readonly DmaSegment segment in chain.Writable)
            {
                if (mayDiscard) Discard(segment.Address, segment.LengthBytes);
                budget--;
            }
            queue.Complete(chain.Token, 0);
        }
        if (budget <= 0) queue.NotifyLater();
        queue.Flush();
    }

    // --- statistics ---

    /// <summary>5.5.6.3: the driver's buffer is kept and given back when new numbers are wanted.</summary>
    private void TakeStatistics(VirtQueue queue)
    {
        while (queue.TryPop(chain))
        {
            ReadStatistics();
            if (!queue.IsLive) return;
            GiveStatisticsBack(queue);
            state.HoldsStatistics = true;
            state.StatisticsId = chain.Token.Id;
            state.StatisticsCount = chain.Token.Count;
        }
        queue.Flush();
        if (options.StatsInterval != 0 && state.HoldsStatistics && poll.Due == VmTime.Never) ArmPoll();
    }

    private void ReadStatistics()
    {
        Span<byte> item = stackalloc byte[BalloonStatistic.Bytes];
        // One of each tag is all that makes sense; twice as many leaves room for tags to come.
        for (int i = 0; i < 2 * VirtioBalloonState.StatisticCount && chain.ReadableBytes >= BalloonStatistic.Bytes; i++)
        {
            if (!chain.TryTake(dma, item))
            {
                endpoint.Fail("a buffer is not in RAM");
                return;
            }
            int tag = BinaryPrimitives.ReadUInt16LittleEndian(item);
            if (tag < VirtioBalloonState.StatisticCount) state.Statistics[tag] =
                BinaryPrimitives.ReadUInt64LittleEndian(item[2..]);
        }
    }

    private void PollStatistics(VmTime due)
    {
        for (int i = OptionalFirst; i < endpoint.Queues.Count; i++)
        {
            if (RoleOf(i) != BalloonQueue.Statistics) continue;
            GiveStatisticsBack(endpoint.Queues[i]);
            endpoint.Queues[i].Flush();
        }
    }

    private void GiveStatisticsBack(VirtQueue queue)
    {
        if (state.HoldsStatistics) queue.Complete(new VirtioToken(state.StatisticsId, state.StatisticsCount), 0);
        LetGoOfStatistics();
    }

    private void LetGoOfStatistics()
    {
        state.HoldsStatistics = false;
        state.StatisticsId = state.StatisticsCount = 0;
    }

    private void ArmPoll() => poll.Arm(clock.Now.AddNs((long)Math.Min(options.StatsInterval, long.MaxValue)));
}
