namespace Hv.Vmm.Supervision;

/// <summary>Finds the call that does not return by looking at records again and again. Counts looks, not time, so that
/// a host that was suspended accuses nobody.</summary>
internal sealed class StuckCalls(WatchedThreads threads, TimeSpan patience)
{
    private const int LooksWithinPatience = 10;
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(1);

    private readonly int limit = Math.Max(LooksWithinPatience, (int)(patience / LongestPeriod));
    private readonly Dictionary<CallRecord, Look> looks = [];

    /// <summary>Between two looks.</summary>
    public TimeSpan Period => patience / limit;

    /// <summary>Looks once: what does not return, in words; null when nothing is wrong.</summary>
    public string? Find()
    {
        CallRecord[] records = threads.Records;
        foreach (CallRecord gone in looks.Keys.Except(records).ToArray()) looks.Remove(gone);
        string? waiting = null;
        bool isAnyoneElseStuck = false;
        foreach (CallRecord record in records)
        {
            if (!looks.TryGetValue(record, out Look? look)) looks.Add(record, look = new Look());
            look.Update(record);
            if (look.Count < limit || System.Diagnostics.Debugger.IsAttached) continue;
            Callee callee = CallRecord.CalleeOf(look.Stuck);
            string message = $"{callee.Name} has not returned for {patience.TotalSeconds:0.#} s (thread {record.Thread})";
            if (record.IsWaiting) waiting ??= message;
            else if (callee.Kind == CalleeKind.Callback) return message;
            else isAnyoneElseStuck |= callee.Kind == CalleeKind.Host;
        }
        // Whoever waits for a device waits for the thread that is in it; that one is to blame, unless all wait in a
        // circle.
        return isAnyoneElseStuck ? null : waiting;
    }

    /// <summary>Which calls are underway, for a message.</summary>
    public string Describe()
    {
        Span<ulong> calls = stackalloc ulong[CallRecord.Levels];
        List<string> busy = [];
        foreach (CallRecord record in threads.Records)
        {
            if (record.Read(calls) is > 0 and int count)
                busy.Add($"{record.Thread} is in {CallRecord.CalleeOf(calls[count - 1]).Name}");
        }
        return busy.Count == 0 ? "no call into a plugin is underway" : string.Join(", ", busy);
    }

    // The innermost call that was underway at the last look too. A device that calls others for ever is itself that
    // call; one that waits for another is not.
    private sealed class Look
    {
        private readonly ulong[] calls = new ulong[CallRecord.Levels];
        private int depth;

        public ulong Stuck { get; private set; }
        public int Count { get; private set; }

        public void Update(CallRecord record)
        {
            Span<ulong> now = stackalloc ulong[CallRecord.Levels];
            int count = record.Read(now);
            int same = now[..Math.Min(count, depth)].CommonPrefixLength(calls);
            ulong stuck = same == 0 ? 0 : now[same - 1];
            bool isGuest = stuck != 0 && CallRecord.CalleeOf(stuck).Kind == CalleeKind.Guest;
            Count = stuck == 0 || isGuest ? 0 : stuck == Stuck ? Count + 1 : 1;
            Stuck = stuck;
            now[..count].CopyTo(calls);
            depth = count;
        }
    }
}
