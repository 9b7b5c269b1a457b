using Hv.Interop;
using Hv.Sdk.Boards;
using Hv.Sdk.Engines;
using Hv.Sdk.Signals;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Strands;

namespace Hv.Vmm.Vcpus;

/// <summary>The pins of the processors as the board wires them: <see cref="IBoardBuilder.ProcessorPath"/>. The engine keeps no copy of a
/// level that is saved; it is told again after a restore.</summary>
internal sealed class Processors : ILineEnd, IIrqHandler
{
    private const string A20 = "a20";

    private readonly IVcpuEvents events;
    private readonly bool isA20Wired;
    private readonly IrqInputs a20;
    private IPartition? partition;

    /// <summary>Claims the pins. Before the fabric is connected.</summary>
    public Processors(IrqFabric fabric, IStrandScheduler scheduler, IVcpuEvents events, CrashRecord calls)
    {
        this.events = events;
        Strand = new Strand(Path, "core", scheduler, isSerialized: false, calls);
        isA20Wired = fabric.Wires.Any(w => w.ToPath == Path && w.Input == A20);
        a20 = new IrqInputs(fabric, fabric.AddInputs(this, A20, 1, this).First, 1);
    }

    public string Path => IBoardBuilder.ProcessorPath;
    public Strand Strand { get; }
    public bool IsFailed { get; private set; }

    /// <summary>The engine is there.</summary>
    public void Connect(IPartition engine)
    {
        partition = engine;
        Update();
    }

    /// <summary>Tells the engine how the pins are: after a restore, which moves no line.</summary>
    public void Update() => Set(a20[0]);

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level) => Set(level);

    /// <inheritdoc/>
    public void Fail(string where, Exception exception)
    {
        IsFailed = true;
        events.EngineFailed(0, $"the engine threw {exception.GetType().Name} {where}: {exception.Message}", exception);
    }

    // The level is given, not looked at: the fabric shows a pulse's new level only to whom it tells.
    private void Set(bool passesA20) =>
        partition?.SetPins(isA20Wired && !passesA20 ? ProcessorPins.A20Mask : ProcessorPins.None);
}
