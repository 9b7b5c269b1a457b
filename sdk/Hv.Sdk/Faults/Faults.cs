using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Time;

namespace Hv.Sdk.Faults;

/// <summary>A place where a fault can be put.</summary>
public readonly struct FaultSite
{
    /// <summary>The device's path.</summary>
    public string Path { get; init; }
    /// <summary>The contract and its name, for example <c>region:io</c>, <c>drive</c>, <c>irq:irq</c>.</summary>
    public string Point { get; init; }
}

/// <summary>Wraps a contract to break it. Asked once, when the core wires the contract; nothing is on the path when unused.</summary>
[Experimental("HVX005")]
public interface IFaultDecorator<TContract> where TContract : class
{
    /// <summary>Gives the contract with the fault in it.</summary>
    TContract Decorate(TContract inner, in FaultSite site, IFaultScope scope);
}

/// <summary>What a fault gets.</summary>
[Experimental("HVX005")]
public interface IFaultScope
{
    /// <summary>The virtual clock.</summary>
    IVmClock Clock { get; }
    /// <summary>Randomness from the seed.</summary>
    IEntropy Entropy { get; }
    /// <summary>The fault fired: counted and logged. A rule that never fired ends the run with 6.</summary>
    void Fired(string rule, string evidence);
}
