using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.Latency;

/// <summary>Things on their way, each with the moment at which it arrives; those of one moment in the order in which
/// they came. On the strand, as the contracts that are delayed.</summary>
internal sealed class DelayLine<T>
{
    private const int MaxItems = 65536;

    private readonly PriorityQueue<T, (long Due, ulong Order)> items = new();
    private readonly LatencyOptions options;
    private readonly IFaultScope scope;
    private readonly IVmTimer timer;
    private readonly Action<T> arrived;
    private readonly bool keepsOrder;
    private long lastDue;
    private ulong order;

    /// <param name="options">How long.</param>
    /// <param name="scope">Where.</param>
    /// <param name="keepsOrder">Nothing overtakes what came before it.</param>
    /// <param name="arrived">Called with each thing when it arrives.</param>
    public DelayLine(LatencyOptions options, IFaultScope scope, bool keepsOrder, Action<T> arrived)
    {
        this.options = options;
        this.scope = scope;
        this.keepsOrder = keepsOrder;
        this.arrived = arrived;
        timer = scope.CreateTimer("arrival", Arrive);
    }

    public bool IsEmpty => items.Count == 0;

    /// <summary>Sends a thing on its way; gives its delay in nanoseconds.</summary>
    public long Add(T item)
    {
        ulong jitter = options.Jitter == 0 ? 0 : scope.Entropy.Below(options.Jitter + 1);
        long delay = (long)(options.Delay + jitter);
        Put(item, scope.Clock.Now.AddNs(delay).Nanoseconds);
        return delay;
    }

    /// <summary>Sends a thing right behind the last one.</summary>
    public void Follow(T item) => Put(item, Math.Max(lastDue, scope.Clock.Now.Nanoseconds));

    private void Put(T item, long due)
    {
        if (keepsOrder) due = Math.Max(due, lastDue);
        lastDue = due;
        items.Enqueue(item, (due, order++));
        ArmForFirst();
    }

    private void Arrive(VmTime due)
    {
        while (items.TryPeek(out _, out (long Due, ulong Order) first) && first.Due <= due.Nanoseconds)
            arrived(items.Dequeue());
        ArmForFirst();
    }

    private void ArmForFirst()
    {
        if (items.TryPeek(out _, out (long Due, ulong Order) first)) timer.Arm(VmTime.FromNs(first.Due));
    }

    /// <summary>Takes things off their way.</summary>
    public void Remove(Predicate<T> isMeant)
    {
        (T Item, (long, ulong) Place)[] kept = [.. items.UnorderedItems.Where(i => !isMeant(i.Element))];
        items.Clear();
        foreach ((T item, (long, ulong) place) in kept) items.Enqueue(item, place);
    }

    /// <summary>Nothing is on its way any more.</summary>
    public void Clear()
    {
        items.Clear();
        lastDue = 0;
        timer.Cancel();
    }

    public void Save(StateWriter writer, Action<StateWriter, T> save)
    {
        writer.Int(1, lastDue);
        foreach ((T item, (long due, ulong _)) in items.UnorderedItems.OrderBy(i => i.Priority))
        {
            writer.Group(2, w =>
            {
                w.Int(1, due);
                w.Group(2, part => save(part, item));
            });
        }
    }

    public void Load(StateReader reader, Func<StateReader, T> load)
    {
        items.Clear();
        lastDue = reader.Int(1, 0);
        foreach (StateReader group in reader.Groups(2, MaxItems))
        {
            if (group.Groups(2, 1) is not [var part]) throw new StateException("a thing on its way is empty");
            items.Enqueue(load(part), (group.Int(1, 0), order++));
        }
    }
}
