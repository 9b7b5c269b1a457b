using Hv.Sdk.Time;

namespace Hv.Vmm.Time;

/// <summary>All timers of one machine in a binary heap by deadline. Arming and cancelling take one short lock and
/// allocate nothing once the heap has grown.</summary>
internal sealed class TimerQueue
{
    private readonly Lock gate = new();
    private readonly List<VmTimer> all = [];
    private VmTimer[] heap = new VmTimer[64];
    private int count;
    private ulong sequence;
    private Action<long>? headMoved;

    /// <summary>Every timer ever made, in order.</summary>
    public IReadOnlyList<VmTimer> All => all;

    /// <summary>The earliest deadline; <see cref="long.MaxValue"/> when nothing is armed.</summary>
    public long NextDueNs
    {
        get
        {
            lock (gate) return count == 0 ? long.MaxValue : heap[0].DueNs;
        }
    }

    /// <summary>Sets who is told, on the arming thread, when the earliest deadline becomes earlier.</summary>
    public void OnHeadMoved(Action<long> handler) => headMoved = handler;

    public VmTimer Create(ITimerOwner owner, string name, Action<VmTime> fired)
    {
        VmTimer timer = new(this, owner, name, fired);
        lock (gate)
        {
            if (all.Exists(t => t.FullName == timer.FullName))
                throw new Hv.Sdk.ConfigurationException($"{owner.Path}: the device makes its timer '{name}' twice");
            all.Add(timer);
        }
        return timer;
    }

    /// <summary>Hot path.</summary>
    public void Arm(VmTimer timer, long dueNs)
    {
        bool isFirst;
        lock (gate)
        {
            timer.Generation++;
            Volatile.Write(ref timer.DueNs, dueNs);
            timer.Sequence = sequence++;
            if (timer.Standing != TimerStanding.Live) return;
            if (dueNs == long.MaxValue)
            {
                Remove(timer);
                return;
            }
            if (timer.Index == VmTimer.NotQueued)
            {
                if (count == heap.Length) Array.Resize(ref heap, count * 2);
                Place(timer, count++);
            }
            SiftUp(timer.Index);
            SiftDown(timer.Index);
            isFirst = heap[0] == timer;
        }
        if (isFirst) headMoved?.Invoke(dueNs);
    }

    /// <summary>Hot path.</summary>
    public void Cancel(VmTimer timer)
    {
        lock (gate)
        {
            timer.Generation++;
            Volatile.Write(ref timer.DueNs, long.MaxValue);
            Remove(timer);
        }
    }

    /// <summary>Takes the earliest timer out, if its time has come. It keeps its deadline until it fires.</summary>
    public bool TryTakeDue(long nowNs, out VmTimer timer, out uint generation)
    {
        lock (gate)
        {
            timer = null!;
            generation = 0;
            if (count == 0 || heap[0].DueNs > nowNs) return false;
            timer = heap[0];
            generation = timer.Generation;
            Remove(timer);
            return true;
        }
    }

    /// <summary>Whether a timer that was taken out is still to fire.</summary>
    public bool TryBeginFiring(VmTimer timer, uint generation, out long dueNs)
    {
        lock (gate)
        {
            dueNs = timer.DueNs;
            if (timer.Generation != generation) return false;
            Volatile.Write(ref timer.DueNs, long.MaxValue);
            return true;
        }
    }

    /// <summary>Puts the timers of a device's next instance in the place of those of the one before; they keep the
    /// deadlines and the order that they have. While nothing runs.</summary>
    public void Exchange(IReadOnlyList<VmTimer> old, IReadOnlyList<VmTimer> next)
    {
        long first;
        lock (gate)
        {
            foreach (VmTimer timer in next)
            {
                VmTimer? place = old.FirstOrDefault(t => t.Name == timer.Name);
                int index = place is null ? -1 : all.IndexOf(place);
                all.Insert(index < 0 ? all.Count : index, timer);
                timer.Standing = TimerStanding.Live;
            }
            foreach (VmTimer timer in old)
            {
                Remove(timer);
                all.Remove(timer);
                timer.Standing = TimerStanding.Cut;
            }
            foreach (VmTimer timer in next.Where(t => t.DueNs != long.MaxValue))
            {
                if (count == heap.Length) Array.Resize(ref heap, count * 2);
                Place(timer, count++);
                SiftUp(timer.Index);
            }
            first = count == 0 ? long.MaxValue : heap[0].DueNs;
        }
        if (first != long.MaxValue) headMoved?.Invoke(first);
    }

    /// <summary>Cancels what a reset cancels: all but the timers whose owners keep them.</summary>
    public void CancelAll()
    {
        foreach (VmTimer timer in all)
        {
            if (!timer.Owner.KeepsItsTimers) Cancel(timer);
        }
    }

    private void Remove(VmTimer timer)
    {
        int index = timer.Index;
        if (index == VmTimer.NotQueued) return;
        timer.Index = VmTimer.NotQueued;
        VmTimer last = heap[--count];
        heap[count] = null!;
        if (last == timer) return;
        Place(last, index);
        SiftUp(index);
        SiftDown(last.Index);
    }

    private void Place(VmTimer timer, int index)
    {
        heap[index] = timer;
        timer.Index = index;
    }

    private static bool IsEarlier(VmTimer a, VmTimer b) =>
        a.DueNs != b.DueNs ? a.DueNs < b.DueNs : a.Sequence < b.Sequence;

    private void SiftUp(int index)
    {
        VmTimer timer = heap[index];
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (!IsEarlier(timer, heap[parent])) break;
            Place(heap[parent], index);
            index = parent;
        }
        Place(timer, index);
    }

    private void SiftDown(int index)
    {
        VmTimer timer = heap[index];
        while (true)
        {
            int child = 2 * index + 1;
            if (child >= count) break;
            if (child + 1 < count && IsEarlier(heap[child + 1], heap[child])) child++;
            if (!IsEarlier(heap[child], timer)) break;
            Place(heap[child], index);
            index = child;
        }
        Place(timer, index);
    }
}
