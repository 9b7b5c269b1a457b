using Hv.Interop;

namespace Hv.Vmm.Supervision;

/// <summary>Which calls into plugins are underway on one thread, outermost first. Written by its thread only, with
/// plain stores and no allocation; read by the watchdog at any time. The innermost is also noted where it can be read
/// when the process has died (<see cref="KeepIn"/>).</summary>
public sealed class CallRecord
{
    /// <summary>Calls below this depth are counted, not recorded.</summary>
    public const int Levels = 24;

    private const int NumberBits = 16;
    private const ulong NumberMask = (1 << NumberBits) - 1;

    [ThreadStatic] private static CallRecord? current;
    private static CrashRecord? kept;

    private readonly CrashRecord? crashes;
    private readonly CallNote note;
    private readonly ulong[] levels = new ulong[Levels];
    private ulong calls;
    private int depth;
    private volatile bool isWaiting;

    /// <param name="thread">What the thread is called in messages; null when nobody watches it.</param>
    internal CallRecord(string? thread)
        : this(thread, kept)
    {
    }

    /// <summary>The same, noting in a record of its own.</summary>
    internal CallRecord(string? thread, CrashRecord? crashes)
    {
        Thread = thread;
        this.crashes = crashes;
        if (crashes is null) GC.SuppressFinalize(this);
        else note = crashes.AddCaller();
    }

    /// <summary>For threads that nobody watches: they do not say when they end.</summary>
    ~CallRecord() => crashes?.RemoveCaller(note);

    /// <summary>The record of this thread.</summary>
    public static CallRecord Current => current ?? Create();

    /// <summary>What the thread is called in messages; null when nobody watches it.</summary>
    public string? Thread { get; }

    /// <summary>Rank of the innermost gate that the thread holds; see <see cref="Strands.Gate"/>.</summary>
    internal int HeldRank { get; set; }

    /// <summary>The innermost call waits for a gate that another thread holds.</summary>
    internal bool IsWaiting
    {
        get => isWaiting;
        set => isWaiting = value;
    }

    /// <summary>From here on all threads of this process note whom they are calling in a record that outlives it. Once,
    /// before the first call; the record stays for as long as the process.</summary>
    public static void KeepIn(CrashRecord record)
    {
        kept = record;
        Callee.NameIn(record);
    }

    /// <summary>Notes a call until the scope ends.</summary>
    public static CallScope Enter(Callee callee)
    {
        CallRecord record = Current;
        record.Push(callee);
        return new CallScope(record);
    }

    /// <summary>Makes it the record of this thread.</summary>
    internal void Bind() => current = this;

    /// <summary>The thread calls nobody any more.</summary>
    internal void End()
    {
        if (crashes is null) return;
        GC.SuppressFinalize(this);
        crashes.RemoveCaller(note);
    }

    /// <summary>Hot path.</summary>
    internal void Push(Callee callee)
    {
        int level = depth;
        if ((uint)level < (uint)levels.Length)
        {
            Volatile.Write(ref levels[level], ++calls << NumberBits | callee.Number);
            note.Set(callee.Number);
        }
        Volatile.Write(ref depth, level + 1);
    }

    /// <summary>Hot path.</summary>
    internal void Pop()
    {
        int level = depth - 1;
        Volatile.Write(ref depth, level);
        uint outer = (uint)(level - 1);
        if (outer < Levels - 1) note.Set((int)(levels[outer] & NumberMask));
        else if (level == 0) note.Set(0);
    }

    /// <summary>Copies the calls that are underway; how many. Each value is one call, and is never used for another of
    /// the thread. A racy look: what it sees may have returned since.</summary>
    internal int Read(Span<ulong> to)
    {
        int count = Math.Min(Volatile.Read(ref depth), levels.Length);
        for (int i = 0; i < count; i++) to[i] = Volatile.Read(ref levels[i]);
        return count;
    }

    /// <summary>Who is called by one of the values that <see cref="Read"/> gives.</summary>
    internal static Callee CalleeOf(ulong call) => Callee.Of((ushort)(call & NumberMask));

    private static CallRecord Create() => current = new CallRecord(thread: null);
}

/// <summary>Notes a call until disposed.</summary>
public readonly ref struct CallScope
{
    private readonly CallRecord? record;

    internal CallScope(CallRecord record) => this.record = record;

    /// <summary>The call has returned.</summary>
    public void Dispose() => record?.Pop();
}
