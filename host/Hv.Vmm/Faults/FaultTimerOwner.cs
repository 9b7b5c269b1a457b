using Hv.Vmm.Strands;
using Hv.Vmm.Time;

namespace Hv.Vmm.Faults;

/// <summary>Owns one timer of a fault; fires on the strand of the device that the fault is put on, and is not that
/// device's to answer for.</summary>
internal sealed class FaultTimerOwner(Strand strand, Action<string, Exception> failed) : ITimerOwner
{
    public string Path => "fault";
    public Strand Strand => strand;
    public bool IsFailed { get; private set; }
    public bool KeepsItsTimers => true;

    public void CountTimer()
    {
    }

    public void Fail(string where, Exception exception)
    {
        IsFailed = true;
        failed(where, exception);
    }
}
