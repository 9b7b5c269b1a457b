using Hv.Sdk.Boards;
using Hv.Sdk.Engines;
using Hv.Sdk.Signals;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Strands;

namespace Hv.Vmm.Vcpus;

/// <summary>The pins of the processors as the board wires them: <see cref="IBoardBuilder.ProcessorPath"/>. The engine
/// keeps no copy of a level that is saved; it is told again after a restore.</summary>
internal sealed class Processors : ILineEnd
{
    private readonly IRunner runner;
    private readonly int vcpuCount;
    private readonly IVcpuEvents events;
    private readonly Pin a20;
    private readonly Pin ignne;
    private readonly IrqLine ferr;
    private readonly bool isA20Wired;
    private IPartition? partition;

    /// <summary>Claims the pins. Before the fabric is connected.</summary>
    public Processors(IrqFabric fabric, IRunner runner, int vcpuCount, IVcpuEvents events)
    {
        this.runner = runner;
        this.vcpuCount = vcpuCount;
        this.events = events;
        Strand = new Strand(Path, "core", runner, isSerialized: false);
        a20 = new Pin(this, fabric, "a20");
        ignne = new Pin(this, fabric, "ignne");
        ferr = fabric.AddOutput(this, "ferr") is { } wired ? new IrqLine(fabric, wired) : default;
        isA20Wired = fabric.Wires.Any(w => w.ToPath == Path && w.Input == a20.Name);
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

    /// <summary>Tells the engine how the pins are. After a restore, which moves no line, this is how it
    /// learns.</summary>
    public void Update()
    {
        if (partition is not { } engine) return;
        engine.SetPins((isA20Wired && !a20.Level ? ProcessorPins.A20Mask : ProcessorPins.None)
            | (ignne.Level ? ProcessorPins.IgnoreNumericError : ProcessorPins.None));
        // One that waits for a numeric error to be handled looks again.
        for (int i = 0; i < vcpuCount; i++) runner.Notify(i);
    }

    /// <summary>A vCPU drives FERR#. Boards wire only that of the first one (MultiProcessor Specification 1.4,
    /// 3.6).</summary>
    public void NumericErrorChanged(int vcpu, bool isAsserted)
    {
        if (vcpu == 0) ferr.Set(isAsserted);
    }

    /// <inheritdoc/>
    public void Fail(string where, Exception exception)
    {
        IsFailed = true;
        events.EngineFailed(0, $"the engine threw {exception.GetType().Name} {where}: {exception.Message}", exception);
    }

    private sealed class Pin : IIrqHandler
    {
        private readonly Processors owner;
        private readonly IrqInputs inputs;

        public Pin(Processors owner, IrqFabric fabric, string name)
        {
            this.owner = owner;
            Name = name;
            inputs = new IrqInputs(fabric, fabric.AddInputs(owner, name, 1, this).First, 1);
        }

        public string Name { get; }
        public bool Level => inputs[0];

        public void PinChanged(int pin, bool level) => owner.Update();
    }
}
