using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Firmware;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.Faults;

/// <summary>A place where a fault can be put: written <c>disk0:drive</c>.</summary>
public readonly record struct FaultSite
{
    /// <summary>The device's path; <c>machine</c>, <c>engine</c> or <c>vcpuN</c> for what belongs to no
    /// device.</summary>
    public required string Path { get; init; }
    /// <summary>The contract and, where a device has several of a kind, its name: <c>region:io</c>, <c>irq:irq</c>,
    /// <c>drive</c>.</summary>
    public required string Point { get; init; }
    /// <inheritdoc/>
    public override string ToString() => $"{Path}:{Point}";
}

/// <summary>Makes faults of one kind. Found by its <see cref="FaultAttribute"/>; has a parameterless constructor that
/// does nothing. Options must not take the names of the rule language (<c>where</c>, <c>nth</c>, <c>every</c>,
/// <c>after</c>, <c>until</c>,
/// <c>period</c>, <c>probability</c>, <c>while</c>, <c>count</c>, <c>optional</c>, <c>name</c>).</summary>
[Experimental("HVX005")]
public interface IFaultFactory
{
    /// <summary>What a rule may set. Pure.</summary>
    OptionSchema Options { get; }
    /// <summary>Makes the fault of one rule. Build thread, or the control thread while the machine stands.</summary>
    /// <exception cref="ConfigurationException">The options contradict each other.</exception>
    IFault Create(OptionValues options);
}

/// <summary>The fault of one rule. It implements <see cref="IFaultDecorator{TContract}"/> for every contract that it
/// can break.</summary>
[Experimental("HVX005")]
public interface IFault;

/// <summary>Wraps a contract to break it. Asked once for each place, when the core wires it; where no rule applies
/// nothing is on the path. Contracts and their points:
/// <list type="table">
/// <item><term><c>region:NAME</c></term><description><see cref="Io.IIoHandler"/></description></item>
/// <item><term><c>config</c></term><description><see cref="Pci.IPciFunction"/></description></item>
/// <item><term><c>dma</c></term><description><see cref="IDmaSpace"/>, with its leases and windows</description></item>
/// <item><term><c>irq:NAME</c></term><description><see cref="Signals.IIrqSink"/> of one line</description></item>
/// <item><term><c>msi</c></term><description><see cref="Signals.IMsiTarget"/></description></item>
/// <item><term><c>timer:NAME</c></term><description><see cref="IVmTimer"/> (armed) and <see cref="IVmTimerHandler"/>
/// (fires)</description></item>
/// <item><term><c>clock</c></term><description><see cref="IVmClock"/> of one device; <c>engine:clock</c> is the
/// time-stamp counter's</description></item>
/// <item><term><c>drive</c></term><description><see cref="Block.IBlockPort"/></description></item>
/// <item><term><c>drive:image</c></term><description><see cref="Block.IDiskImage"/> below it, on I/O
/// threads</description></item>
/// <item><term><c>netdev</c></term><description><see cref="Net.INetPort"/></description></item>
/// <item><term><c>chardev</c></term><description><see cref="Chars.ICharPort"/></description></item>
/// <item><term><c>machine:memory</c></term><description><see cref="IGuestMemory"/></description></item>
/// <item><term><c>vcpuN:run</c>, <c>vcpuN:apic</c></term><description><see cref="Engines.IVcpu"/>,
/// <see cref="Engines.ILocalApic"/></description></item>
/// </list> The decorator is called on the threads of the contract. It keeps the contract's rules except the one that it
/// breaks, passes on what it does not know (completions with a tag that it never saw), and implements
/// <see cref="IFaultState"/> when it has state of its own. The kit <c>Hv.Sdk.Forwarding</c> has a base class for each
/// contract.</summary>
[Experimental("HVX005")]
public interface IFaultDecorator<TContract> : IFault where TContract : class
{
    /// <summary>Gives the contract with the fault in it.</summary>
    TContract Decorate(TContract inner, in FaultSite site, IFaultScope scope);
}

/// <summary>What the fault of a rule gets at one place. Valid as long as the machine. Plugins never implement
/// it.</summary>
[Experimental("HVX005")]
[HostImplemented]
public interface IFaultScope
{
    /// <summary>The rule's name, for messages.</summary>
    string Rule { get; }
    /// <summary>The place.</summary>
    FaultSite Site { get; }
    /// <summary>The true virtual clock. Any thread.</summary>
    IVmClock Clock { get; }
    /// <summary>Guest memory without faults. Any thread.</summary>
    IDmaSpace Memory { get; }
    /// <summary>Randomness of the rule, from the machine's seed and the rule's name. Saved. Any thread.</summary>
    IEntropy Entropy { get; }
    /// <summary>The strand of the place's device; one of the core's own where there is none.</summary>
    IStrand Strand { get; }

    /// <summary>There is an opportunity to fault: whether the rule wants it. Counts it; draws from the rule's stream
    /// when the rule has a probability. Whoever gets true breaks something and then calls <see cref="Fired"/>. Any
    /// thread.</summary>
    bool Strikes();

    /// <summary>Something was broken: counted, and logged with the evidence, which says what became of what, for
    /// example
    /// <c>read of offset 5: 0x60 became 0x61</c>. Guest data appears in it only a few bytes long. A rule that never
    /// fired ends the run with code 6. Any thread.</summary>
    void Fired(string evidence);

    /// <summary>Calls <paramref name="strike"/> on the strand at the moments that the rule strikes at by time
    /// (<c>after</c>, then each <c>period</c>), for faults that happen without anybody's access. Called at most once,
    /// in Decorate.</summary>
    void AtMoments(Action strike);

    /// <summary>A timer for the decorator, for example to end a delay; <paramref name="fired"/> runs on the strand. Its
    /// deadline is saved; a reset of the machine leaves it alone. Called in Decorate only; the name is unique at the
    /// place.</summary>
    IVmTimer CreateTimer(string name, Action<VmTime> fired);

    /// <summary>Ends the machine as a power failure does: no vCPU runs on, nothing is told to shut down. Any thread;
    /// returns at once.</summary>
    void CutPower(string reason);
}

/// <summary>Implemented by a decorator with state of its own.</summary>
[Experimental("HVX005")]
public interface IFaultState
{
    /// <summary>The machine is reset: forget what was on its way.</summary>
    void Reset();
    /// <summary>Writes the state. Changes nothing. Nothing of the machine runs.</summary>
    void Save(StateWriter writer);
    /// <summary>Takes it over; timers have been restored.</summary>
    /// <exception cref="StateException">It is damaged.</exception>
    void Load(StateReader reader);
}

/// <summary>The device's side of a timer.</summary>
[Experimental("HVX005")]
public interface IVmTimerHandler
{
    /// <summary>The timer fired; <paramref name="due"/> is what it was armed for. On the strand.</summary>
    void Fired(VmTime due);
}

/// <summary>Guest memory as a whole. vCPUs reach it on their own, so a fault here acts at moments
/// (<see cref="IFaultScope.AtMoments"/>). Any thread.</summary>
[Experimental("HVX005")]
public interface IGuestMemory
{
    /// <summary>RAM, sorted.</summary>
    IReadOnlyList<MemoryRange> Ram { get; }
    /// <summary>The bytes in it.</summary>
    IDmaSpace Space { get; }
}
