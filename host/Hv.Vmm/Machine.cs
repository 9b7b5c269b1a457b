using Hv.Sdk;
using Hv.Sdk.Management;
using Hv.Sdk.Time;
using Hv.Vmm.Description;

namespace Hv.Vmm;

/// <summary>One machine from power-on to its end.</summary>
public sealed class Machine : IMachine, IDisposable
{
    internal Machine(MachineDescription description) => Name = description.Name;

    /// <inheritdoc/>
    public string Name { get; }
    /// <inheritdoc/>
    public MachineState State => MachineState.Created;
    /// <inheritdoc/>
    public MachineOutcome? Outcome => null;
    /// <inheritdoc/>
    public IVmClock Clock => throw new NotSupportedException();
    /// <inheritdoc/>
    public Task<MachineOutcome> Completion => throw new NotSupportedException();
    /// <inheritdoc/>
    public IConsole? Console => null;

    /// <summary>Resets (or restores) the machine and lets it run. Once.</summary>
    public void Start() => throw new NotSupportedException();
    /// <inheritdoc/>
    public Task PauseAsync() => throw new NotSupportedException();
    /// <inheritdoc/>
    public Task ResumeAsync() => throw new NotSupportedException();
    /// <inheritdoc/>
    public Task ResetAsync() => throw new NotSupportedException();
    /// <inheritdoc/>
    public void PressPowerButton() => throw new NotSupportedException();
    /// <inheritdoc/>
    public Task SaveAsync(string path) => throw new NotSupportedException();
    /// <inheritdoc/>
    public void Quit(EndReason reason, string message) => throw new NotSupportedException();

    /// <summary>Writes counters and the insides of devices that show them, for <c>--stats</c>. Paused or stopped machines only.</summary>
    public void Inspect(IInspector to) => throw new NotSupportedException();

    /// <summary>Ends the machine if it runs, and gives everything back. Blocks until its threads have ended.</summary>
    public void Dispose()
    {
    }
}
