using Hv.Vmm.Supervision;

namespace Hv.Vmm.Strands;

/// <summary>The lock behind one strand, or behind several whose devices could call each other in a circle. Re-entrant
/// on one thread. Ranks rise along the wiring: a thread that holds a gate enters only gates of higher rank, so gates
/// cannot deadlock.</summary>
internal sealed class Gate(string name)
{
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

    /// <summary>Hot path. <paramref name="calls"/> is this thread's.</summary>
    public void Enter(CallRecord calls)
    {
        int outer = calls.HeldRank;
        if (outer >= Rank && !gate.IsHeldByCurrentThread) ReportOrder();
        if (!gate.TryEnter()) EnterLater(calls);
        if (depth++ != 0) return;
        outerRank = outer;
        calls.HeldRank = Math.Max(outer, Rank);
    }

    /// <summary>Hot path.</summary>
    public void Exit(CallRecord calls)
    {
        if (--depth == 0) calls.HeldRank = outerRank;
        gate.Exit();
    }

    private void EnterLater(CallRecord calls)
    {
        calls.IsWaiting = true;
        gate.Enter();
        calls.IsWaiting = false;
    }

    private void ReportOrder()
    {
        if (hasReported) return;
        hasReported = true;
        OrderBroken?.Invoke(this);
    }
}
