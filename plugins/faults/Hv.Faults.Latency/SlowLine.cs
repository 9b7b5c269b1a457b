using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Faults.Latency;

/// <summary>A line whose changes come later. A change that is not delayed waits behind those that are: an edge never
/// overtakes another.</summary>
internal sealed class SlowLine : ForwardingIrqSink, IFaultState
{
    private readonly IFaultScope scope;
    private readonly DelayLine<(int Pin, Change Change)> late;
    private bool level;

    private enum Change : byte
    {
        Lower,
        Raise,
        Pulse,
    }

    public SlowLine(IIrqSink inner, LatencyOptions options, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        late = new DelayLine<(int Pin, Change Change)>(options, scope, keepsOrder: true, c => Arrive(c.Pin, c.Change));
    }

    public override void Set(int pin, bool to)
    {
        if (to == level) return;
        level = to;
        Send(pin, to ? Change.Raise : Change.Lower);
    }

    public override void Pulse(int pin)
    {
        level = false;
        Send(pin, Change.Pulse);
    }

    // Only what raises the line is an opportunity: a driver notices when an interrupt is late, hardly when its end is.
    private void Send(int pin, Change change)
    {
        if (change != Change.Lower && scope.Strikes())
        {
            scope.Fired(
                $"a {(change == Change.Pulse ? "pulse" : "rising edge")} comes {late.Add((pin, change))} ns later");
            return;
        }
        if (late.IsEmpty) Arrive(pin, change);
        else late.Follow((pin, change));
    }

    private void Arrive(int pin, Change change)
    {
        if (change == Change.Pulse) Inner.Pulse(pin);
        else Inner.Set(pin, change == Change.Raise);
    }

    public void Reset()
    {
        level = false;
        late.Clear();
    }

    public void Save(StateWriter writer)
    {
        writer.Flag(10, level);
        late.Save(writer, static (w, c) =>
        {
            w.UInt(1, (ulong)c.Pin);
            w.UInt(2, (ulong)c.Change);
        });
    }

    public void Load(StateReader reader)
    {
        level = reader.Flag(10, false);
        late.Load(reader, static r => ((int)r.UInt(1, 0, int.MaxValue), (Change)r.UInt(2, 0, (ulong)Change.Pulse)));
    }
}
