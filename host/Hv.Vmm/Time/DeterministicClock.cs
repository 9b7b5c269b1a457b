using Hv.Sdk.Engines;
using Hv.Sdk.Time;

namespace Hv.Vmm.Time;

/// <summary>Virtual time that advances with retired instructions, <see cref="NsPerInstruction"/> for each, whichever
/// vCPU retires it: the vCPUs take turns, so the machine's instructions have one order and time never goes back. Idle
/// time is skipped.</summary>
internal sealed class DeterministicClock(long epochUnixNs) : IMachineClock
{
    /// <summary>Virtual nanoseconds that one instruction takes: 250 million instructions a second, near what the
    /// engines reach.</summary>
    public const long NsPerInstruction = 4;

    private long baseNs;
    private IVcpu? running;
    private ulong retiredAtStart;
    private int threadId;

    public long EpochUnixNs { get; private set; } = epochUnixNs;

    /// <summary>Hot path: exact on the thread that runs vCPUs; elsewhere the time at which the present turn
    /// began.</summary>
    public VmTime Now
    {
        get
        {
            IVcpu? vcpu = running;
            if (vcpu is null || Environment.CurrentManagedThreadId != threadId)
                return VmTime.FromNs(Volatile.Read(ref baseNs));
            return VmTime.FromNs(baseNs + (long)(vcpu.Retired - retiredAtStart) * NsPerInstruction);
        }
    }

    /// <summary>A vCPU begins its turn on this thread.</summary>
    public void Begin(IVcpu vcpu)
    {
        threadId = Environment.CurrentManagedThreadId;
        retiredAtStart = vcpu.Retired;
        running = vcpu;
    }

    /// <summary>The turn is over; how many instructions it retired.</summary>
    public ulong End(IVcpu vcpu)
    {
        running = null;
        ulong retired = vcpu.Retired - retiredAtStart;
        Volatile.Write(ref baseNs, baseNs + (long)retired * NsPerInstruction);
        return retired;
    }

    /// <summary>All vCPUs are idle: the time until a moment passes at once.</summary>
    public void SkipTo(long ns)
    {
        if (ns > baseNs) Volatile.Write(ref baseNs, ns);
    }

    public void Set(VmTime now, long epoch)
    {
        EpochUnixNs = epoch;
        Volatile.Write(ref baseNs, now.Nanoseconds);
    }

    public void Start()
    {
    }

    public void Stop()
    {
    }
}
