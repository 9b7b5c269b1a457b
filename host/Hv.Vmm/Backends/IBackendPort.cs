using Hv.Sdk.State;

namespace Hv.Vmm.Backends;

/// <summary>The host's side of a device's slot, as the core drives it. Besides this, a port implements the contract
/// that its device asks for.</summary>
internal interface IBackendPort : IDisposable
{
    /// <summary>Waits until nothing is in flight on the host, or the time has passed. Called while nothing of the
    /// machine runs.</summary>
    void Quiesce(TimeSpan patience);
    /// <summary>Forgets what is in flight: the machine is reset. On return guest memory is no longer touched; never
    /// waits for the host.</summary>
    void Reset();
    /// <summary>Makes durable what the guest was told is written, or says in the log that the host takes too long. Any
    /// thread.</summary>
    void Flush();
    /// <summary>Name of the layout of what <see cref="Save"/> writes.</summary>
    string StateId { get; }
    /// <summary>Why the machine cannot be saved with this port; null when it can.</summary>
    string? WhyUnsaveable { get; }
    /// <summary>Writes what a new process needs to go on. Called while nothing of the machine runs.</summary>
    void Save(StateWriter writer);
    /// <summary>Takes it over. Called before devices load.</summary>
    void Load(StateReader reader);
    /// <summary>The machine runs (again).</summary>
    void Resumed();
}
