using Hv.Sdk.Time;

namespace Hv.Vmm.Time;

/// <summary>The machine's clock as the core drives it.</summary>
internal interface IMachineClock : IVmClock
{
    /// <summary>Sets the time, and the calendar time of zero; while stopped.</summary>
    void Set(VmTime now, long epochUnixNs);
    /// <summary>Lets time pass.</summary>
    void Start();
    /// <summary>Stops time.</summary>
    void Stop();
}
