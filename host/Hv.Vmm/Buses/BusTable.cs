namespace Hv.Vmm.Buses;

/// <summary>Which mapping answers where: sorted intervals without overlaps. Immutable.</summary>
internal sealed class BusTable
{
    private readonly ulong[] starts;
    private readonly ulong[] lasts;
    private readonly Mapping[] owners;
    private readonly ulong lastAddress;

    /// <summary>Flattens <paramref name="mappings"/>, of which a later one hides earlier ones where they lie, in a
    /// space that ends at <paramref name="lastAddress"/>.</summary>
    public BusTable(IReadOnlyList<Mapping> mappings, ulong lastAddress)
    {
        this.lastAddress = lastAddress;
        SortedSet<ulong> cuts = [];
        foreach (Mapping m in mappings)
        {
            cuts.Add(m.Start);
            if (m.Last != ulong.MaxValue) cuts.Add(m.Last + 1);
        }
        List<ulong> first = [];
        List<ulong> last = [];
        List<Mapping> owner = [];
        ulong[] points = [.. cuts];
        for (int i = 0; i < points.Length; i++)
        {
            ulong start = points[i];
            Mapping? top = mappings.LastOrDefault(m => m.Start <= start && start <= m.Last);
            if (top is null) continue;
            ulong end = i + 1 < points.Length ? points[i + 1] - 1 : top.Last;
            if (owner.Count > 0 && owner[^1] == top && last[^1] + 1 == start)
            {
                last[^1] = end;
                continue;
            }
            first.Add(start);
            last.Add(end);
            owner.Add(top);
        }
        starts = [.. first];
        lasts = [.. last];
        owners = [.. owner];
    }

    /// <summary>Hot path: the interval that holds an address. A null mapping is a hole; the interval then ends where
    /// the next begins.</summary>
    public Mapping? Find(ulong address, out ulong start, out ulong last)
    {
        int low = 0;
        int high = starts.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (starts[middle] <= address) low = middle + 1;
            else high = middle - 1;
        }
        // high is the last interval that begins at or below the address.
        if (high >= 0 && address <= lasts[high])
        {
            start = starts[high];
            last = lasts[high];
            return owners[high];
        }
        start = high >= 0 ? lasts[high] + 1 : 0;
        last = low < starts.Length ? starts[low] - 1 : lastAddress;
        return null;
    }
}
