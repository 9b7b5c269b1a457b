using Hv.Interop;

namespace Hv.Vmm.Strands;

/// <summary>The lock behind one strand, or behind several whose devices could call each other in a circle. Re-entrant
/// on one thread.
/// Ranks rise along the wiring: a thread that holds a gate enters only gates of higher rank, so gates cannot
/// deadlock.</summary>
internal sealed class Gate(string name, CallNote note)
{
    [ThreadStatic] private static int heldRank;

    private readonly Lock gate = new();
    private int depth;
    private int outerRank;
    private bool hasReported;

    /// <summary>Place in the order of locks, from 1; set before the machine runs.</summary>
    public int Rank { get; set; } = 1;
    /// <summary>Names the devices behind it.</summary>
    public string Name { get; set; } = name;
    /// <summary>Told, once a gate, when a thread enters against the order: the name of this gate.</summary>
    public Action<Gate>? OrderBroken { get; set; }

    /// <summary>Counts entries; the watchdog compares it.</summary>
    public uint Entries { get; private set; }
    /// <summary>Whether a thread is inside. A racy look, for the watchdog.</summary>
    public bool IsHeld => Volatile.Read(ref depth) != 0;
    /// <summary>The strand that was entered last.</summary>
    public Strand? Holder { get; private set; }

    /// <summary>Hot path.</summary>
    public void Enter(Strand strand)
    {
        int outer = heldRank;
        if (outer >= Rank && !gate.IsHeldByCurrentThread) ReportOrder();
        gate.Enter();
        if (depth++ != 0) return;
        outerRank = outer;
        heldRank = Math.Max(outer, Rank);
        Entries++;
        Holder = strand;
        note.Set(strand.CallName);
    }

    /// <summary>Hot path.</summary>
    public void Exit()
    {
        if (depth == 1)
        {
            heldRank = outerRank;
            note.Set(0);
        }
        depth--;
        gate.Exit();
    }

    private void ReportOrder()
    {
        if (hasReported) return;
        hasReported = true;
        OrderBroken?.Invoke(this);
    }
}
