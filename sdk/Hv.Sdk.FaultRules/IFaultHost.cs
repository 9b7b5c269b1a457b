using Hv.Sdk.Memory;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>What rules need of the machine or bench that they break.</summary>
public interface IFaultHost
{
    /// <summary>The true clock.</summary>
    IVmClock Clock { get; }
    /// <summary>Guest memory without faults.</summary>
    IDmaSpace Memory { get; }
    /// <summary>A strand for places that belong to no device.</summary>
    IStrand Strand { get; }
    /// <summary>A stream of randomness from the seed and this name.</summary>
    IFaultEntropy CreateEntropy(string name);
    /// <summary>A timer that is neither cancelled by a reset nor saved with the devices' timers. What its callback
    /// throws is the fault's failure.</summary>
    IVmTimer CreateTimer(string name, IStrand strand, Action<VmTime> fired);
    /// <summary>Whether a state of a device holds; false too when there is no such device or field. Enters its
    /// strand.</summary>
    bool Holds(string path, FaultCondition condition);
    /// <summary>A rule fired. Any thread.</summary>
    void Fired(FaultRule rule, FaultFiring firing);
    /// <summary>Ends the machine as a power failure does.</summary>
    void CutPower(string reason);
}

/// <summary>A stream whose position can be saved.</summary>
public interface IFaultEntropy : IEntropy
{
    /// <summary>Bytes given out so far; setting it goes there.</summary>
    ulong Position { get; set; }
}
