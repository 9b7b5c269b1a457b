using Hv.Sdk;
using Hv.Sdk.Signals;

namespace Hv.Vmm.Interrupts;

/// <summary>All interrupt lines of one machine. An input's level is the OR of the outputs wired to it. A change reaches
/// every wired input, on the receiver's strand, before <see cref="Set"/> returns; each receiver sees the changes of its
/// pins one after the other and none is left out. Levels are the fabric's to save.</summary>
internal sealed class IrqFabric : IIrqSink, IIrqLevels
{
    private readonly List<Output> outputs = [];
    private readonly List<Input> inputs = [];
    private readonly List<Wire> wires = [];
    private Output[] sealedOutputs = [];
    private Input[] sealedInputs = [];

    /// <summary>A wire of the board.</summary>
    public sealed record Wire(string FromPath, string Output, string ToPath, string Input, int Pin);

    public IReadOnlyList<Wire> Wires => wires;

    /// <summary>Adds a wire. Before devices are attached.</summary>
    public void AddWire(Wire wire) => wires.Add(wire);

    /// <summary>Claims an output; null when the board did not wire it.</summary>
    public int? AddOutput(ILineEnd node, string name)
    {
        if (outputs.Exists(o => o.Node == node && o.Name == name))
            throw new ConfigurationException($"{node.Path}: the device claims its output '{name}' twice");
        outputs.Add(new Output { Node = node, Name = name });
        return IsWired(node, name) ? outputs.Count - 1 : null;
    }

    /// <summary>The output that another instance of the device claimed; null when the board did not wire it.</summary>
    /// <exception cref="ConfigurationException">The board wired it, and nobody claimed it while wires were
    /// joined.</exception>
    public int? FindOutput(ILineEnd node, string name)
    {
        if (!IsWired(node, name)) return null;
        int index = outputs.FindIndex(o => o.Node == node && o.Name == name);
        return index >= 0 ? index : throw new ConfigurationException(
            $"{node.Path}: the device claims the output '{name}', which it did not have when the machine was built");
    }

    private bool IsWired(ILineEnd node, string name) =>
        wires.Exists(w => w.FromPath == node.Path && w.Output == name);

    /// <summary>Claims inputs.</summary>
    public InputGroup AddInputs(ILineEnd node, string name, int count, IIrqHandler handler)
    {
        if (inputs.Exists(i => i.Node == node && i.Name == name))
            throw new ConfigurationException($"{node.Path}: the device claims its input '{name}' twice");
        int first = inputs.Count;
        for (int pin = 0; pin < count; pin++)
            inputs.Add(new Input { Node = node, Name = name, Pin = pin, Handler = handler });
        return new InputGroup(first, count);
    }

    /// <summary>The inputs that another instance of the device claimed.</summary>
    /// <exception cref="ConfigurationException">They are not there, or are more or fewer.</exception>
    public InputGroup FindInputs(ILineEnd node, string name, int count)
    {
        int first = inputs.FindIndex(i => i.Node == node && i.Name == name);
        int present = inputs.Count(i => i.Node == node && i.Name == name);
        return present == count ? new InputGroup(Math.Max(first, 0), count) : throw new ConfigurationException(
            $"{node.Path}: the device claims {count} inputs '{name}'; it had {present} when the machine was built");
    }

    /// <summary>Sets who is told of changes of inputs. While nothing runs.</summary>
    public void Listen(InputGroup group, IIrqHandler handler)
    {
        for (int i = 0; i < group.Count; i++) inputs[group.First + i].Handler = handler;
    }

    /// <summary>Joins outputs to inputs, when all are claimed.</summary>
    /// <exception cref="ConfigurationException">A wire ends at something that is not there.</exception>
    public void Connect()
    {
        foreach (Wire wire in wires)
        {
            Output? from = outputs.Find(o => o.Node.Path == wire.FromPath && o.Name == wire.Output);
            // A device may leave an output out, depending on its options.
            if (from is null) continue;
            Input to = inputs.Find(i => i.Node.Path == wire.ToPath && i.Name == wire.Input && i.Pin == wire.Pin)
                ?? throw new ConfigurationException(
                    $"the board wires {wire.FromPath}.{wire.Output} to {wire.ToPath}.{wire.Input}[{wire.Pin}], which is not there");
            from.Targets = [.. from.Targets, to];
            if (from.Level != 0) to.Asserted++;
        }
        sealedOutputs = [.. outputs];
        sealedInputs = [.. inputs];
    }

    /// <summary>Hot path.</summary>
    public void Set(int pin, bool level)
    {
        if (sealedOutputs.Length == 0)
        {
            outputs[pin].Level = level ? 1 : 0;
            return;
        }
        Output output = sealedOutputs[pin];
        int now = level ? 1 : 0;
        if (Interlocked.Exchange(ref output.Level, now) == now) return;
        foreach (Input input in output.Targets) input.Change(level);
    }

    /// <summary>Hot path.</summary>
    public void Pulse(int pin)
    {
        if (sealedOutputs.Length == 0) return;
        Output output = sealedOutputs[pin];
        if (Volatile.Read(ref output.Level) != 0) Set(pin, false);
        foreach (Input input in output.Targets) input.Pulse();
    }

    /// <summary>Hot path.</summary>
    public bool Level(int pin) => sealedInputs.Length != 0 && Volatile.Read(ref sealedInputs[pin].Asserted) != 0;

    /// <summary>Lowers every output, before devices are reset.</summary>
    public void LowerAll()
    {
        for (int i = 0; i < sealedOutputs.Length; i++) Set(i, false);
    }

    /// <summary>Names of the outputs that are high, as <c>path/output</c>.</summary>
    public IEnumerable<string> HighOutputs() => sealedOutputs.Where(o => o.Level != 0).Select(o => o.FullName);

    /// <summary>Puts saved levels back without telling anyone: receivers load state that knows of them.</summary>
    /// <exception cref="Hv.Sdk.State.StateException">An output is not there.</exception>
    public void Restore(IEnumerable<string> highOutputs)
    {
        HashSet<string> high = [.. highOutputs];
        foreach (Input input in sealedInputs) input.Asserted = 0;
        foreach (Output output in sealedOutputs)
        {
            output.Level = high.Remove(output.FullName) ? 1 : 0;
            if (output.Level == 0) continue;
            foreach (Input input in output.Targets) input.Asserted++;
        }
        if (high.Count > 0)
            throw new Hv.Sdk.State.StateException($"this machine has no interrupt line '{high.First()}'");
    }

    private sealed class Output
    {
        public required ILineEnd Node { get; init; }
        public required string Name { get; init; }
        public int Level;
        public Input[] Targets = [];
        public string FullName => $"{Node.Path}/{Name}";
    }

    private sealed class Input
    {
        // Orders changes for devices that have no strand; the others are ordered by their strand.
        private readonly Lock gate = new();

        public required ILineEnd Node { get; init; }
        public required string Name { get; init; }
        public required int Pin { get; init; }
        public required IIrqHandler Handler { get; set; }
        public int Asserted;

        public void Change(bool level)
        {
            using StrandScope scope = Node.Strand.Enter();
            if (Node.Strand.Gate is not null)
            {
                Apply(level);
                return;
            }
            lock (gate) Apply(level);
        }

        public void Pulse()
        {
            using StrandScope scope = Node.Strand.Enter();
            if (Node.Strand.Gate is not null)
            {
                ApplyPulse();
                return;
            }
            lock (gate) ApplyPulse();
        }

        private void Apply(bool level)
        {
            int before = Asserted;
            Asserted = before + (level ? 1 : -1);
            if (before == (level ? 0 : 1)) Tell(level);
        }

        private void ApplyPulse()
        {
            if (Asserted != 0) return; // another output holds the line: no edge on the wire
            Asserted = 1;
            Tell(true);
            Asserted = 0;
            Tell(false);
        }

        private void Tell(bool level)
        {
            if (Node.IsFailed) return;
            try
            {
                Handler.PinChanged(Pin, level);
            }
            catch (Exception e)
            {
                Node.Fail($"taking a change of {Name}[{Pin}]", e);
            }
        }
    }
}
