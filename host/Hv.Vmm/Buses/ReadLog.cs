using Hv.Sdk.State;

namespace Hv.Vmm.Buses;

/// <summary>What the instruction that a vCPU executes has read from devices so far, in order. When one of its reads is
/// postponed the instruction is executed again; it is given these values then, so that no device sees a read twice. The
/// vCPU's thread only.</summary>
internal sealed class ReadLog
{
    // More than the largest XSAVE area takes in pieces of 8 bytes.
    private const int Capacity = 512;

    private readonly Entry[] entries = new Entry[Capacity];
    private ulong instruction = ulong.MaxValue;
    private int count;
    private int next;

    /// <summary>No postponed read can be taken: its value would have no place.</summary>
    public bool IsFull => count == Capacity;

    /// <summary>Hot path: a read of the instruction after <paramref name="retired"/> others. What another one read is
    /// forgotten.</summary>
    public void Begin(ulong retired)
    {
        if (retired == instruction) return;
        instruction = retired;
        Clear();
    }

    /// <summary>The instruction is to be executed again, or is in the middle of that.</summary>
    public bool IsRewound => next < count;

    /// <summary>Hot path: the value, when the instruction has made this read before. Reads of the delivery of an event
    /// before it, which are not made again, are passed over. An instruction that reads something else than the first
    /// time (its code or its address was changed meanwhile) gets no more from here.</summary>
    public bool TryTake(ulong address, int size, bool isPort, out ulong value)
    {
        value = 0;
        for (int i = next; i < count; i++)
        {
            ref readonly Entry entry = ref entries[i];
            if (entry.Address != address || entry.Size != size || entry.IsPort != isPort) continue;
            next = i + 1;
            value = entry.Value;
            return true;
        }
        count = next;
        return false;
    }

    /// <summary>Hot path: the instruction has read this now.</summary>
    public void Add(ulong address, int size, bool isPort, ulong value)
    {
        if (IsFull) return;
        entries[count++] = new Entry(address, value, (byte)size, isPort);
        next = count;
    }

    /// <summary>A read of the instruction was postponed: it will be executed from its beginning.</summary>
    public void Rewind() => next = 0;

    /// <summary>The answer to the postponed read: the last before the instruction goes on to something new.</summary>
    public void Answer(ulong address, int size, bool isPort, ulong value)
    {
        int here = next;
        Add(address, size, isPort, value);
        next = here;
    }

    /// <summary>What was read is used up.</summary>
    public void Clear() => count = next = 0;

    /// <summary>Writes what an instruction that was interrupted by a postponed read has read.</summary>
    public void Save(StateWriter writer)
    {
        writer.UInt(1, instruction);
        for (int i = 0; i < count; i++)
        {
            Entry entry = entries[i];
            writer.Group(2, w =>
            {
                w.UInt(1, entry.Address);
                w.UInt(2, entry.Size);
                w.Flag(3, entry.IsPort);
                w.UInt(4, entry.Value);
            });
        }
    }

    /// <summary>Takes it over.</summary>
    public void Load(StateReader reader)
    {
        Clear();
        instruction = reader.UInt(1, 0, ulong.MaxValue);
        foreach (StateReader group in reader.Groups(2, Capacity))
        {
            Add(group.UInt(1, 0, ulong.MaxValue), (int)group.UInt(2, 1, 8), group.Flag(3, false),
                group.UInt(4, 0, ulong.MaxValue));
        }
        Rewind();
    }

    private readonly record struct Entry(ulong Address, ulong Value, byte Size, bool IsPort);
}
