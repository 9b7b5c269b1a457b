using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Engines;

/// <summary>What an engine can promise. Asked once, before a machine is built.</summary>
[Flags]
public enum EngineTraits : uint
{
    /// <summary>No promise beyond running code.</summary>
    None = 0,
    /// <summary>The same state and events give the same run, bit for bit.</summary>
    Deterministic = 1,
    /// <summary><see cref="RunBudget.Instructions"/> is met exactly.</summary>
    ExactBudget = 2,
    /// <summary>Marks <see cref="MemorySlot.DirtyMap"/> for each page that vCPUs write.</summary>
    DirtyLog = 4,
    /// <summary>Runs on hosts whose processor is not x86-64.</summary>
    AnyHost = 8,
}

/// <summary>Runs vCPUs. Implemented by an engine plugin; made by the composition container, so it has a
/// parameterless constructor and does nothing in it.</summary>
[Experimental("HVX001")]
public interface IEngine
{
    /// <summary>What this engine can promise on this host.</summary>
    EngineTraits Traits { get; }

    /// <summary>The options that a VM definition may give this engine.</summary>
    OptionSchema Options { get; }

    /// <summary>Null when the engine works here; otherwise the reason and the remedy, for people.
    /// May run a short probe; called on the host's start-up thread.</summary>
    string? WhyUnavailable();

    /// <summary>Makes the vCPUs' side of one machine.</summary>
    /// <exception cref="UnavailableException">The CPU model or a mode that was asked for cannot be had
    /// here.</exception>
    IPartition CreatePartition(IPartitionContext context, OptionValues options);
}
