using Hv.Vmm.Strands;

namespace Hv.Vmm.Time;

/// <summary>Whose a timer is.</summary>
internal interface ITimerOwner
{
    /// <summary>First part of its timers' full names.</summary>
    string Path { get; }
    /// <summary>Where they fire.</summary>
    Strand Strand { get; }
    /// <summary>No callback is made any more.</summary>
    bool IsFailed { get; }
    /// <summary>Its timers survive a reset of the machine and are saved by their owner instead of with all
    /// others.</summary>
    bool KeepsItsTimers { get; }
    /// <summary>A timer fires. On the strand.</summary>
    void CountTimer();
    /// <summary>A callback threw.</summary>
    void Fail(string where, Exception exception);
}
