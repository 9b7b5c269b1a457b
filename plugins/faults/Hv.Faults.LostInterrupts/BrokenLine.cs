using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Faults.LostInterrupts;

/// <summary>A line of which edges are lost or doubled, or that is stuck high.</summary>
internal sealed class BrokenLine : ForwardingIrqSink, IFaultState
{
    private readonly LostInterruptsOptions options;
    private readonly IFaultScope scope;
    private readonly IVmTimer release;
    private bool level;
    private bool isStuck;
    private int pin;

    public BrokenLine(IIrqSink inner, LostInterruptsOptions options, IFaultScope scope) : base(inner)
    {
        this.options = options;
        this.scope = scope;
        release = scope.CreateTimer("release", Release);
    }

    public override void Set(int line, bool to)
    {
        pin = line;
        if (to == level) return;
        level = to;
        if (isStuck) return;
        if (options.Action == InterruptFault.Stuck)
        {
            if (to || !scope.Strikes()) base.Set(line, to);
            else Stick();
        }
        else if (to && scope.Strikes())
        {
            Break(line, isPulse: false);
        }
        else
        {
            base.Set(line, to);
        }
    }

    public override void Pulse(int line)
    {
        pin = line;
        level = false;
        if (isStuck) return;
        if (!scope.Strikes())
        {
            base.Pulse(line);
            return;
        }
        if (options.Action != InterruptFault.Stuck)
        {
            Break(line, isPulse: true);
            return;
        }
        base.Set(line, true);
        Stick();
    }

    private void Break(int line, bool isPulse)
    {
        string what = isPulse ? "a pulse" : "a rising edge";
        if (options.Action == InterruptFault.Lose)
        {
            scope.Fired($"{what} was lost");
            return;
        }
        for (int i = 0; i < 2; i++)
        {
            if (isPulse)
            {
                base.Pulse(line);
                continue;
            }
            base.Set(line, false);
            base.Set(line, true);
        }
        scope.Fired($"{what} came twice");
    }

    private void Stick()
    {
        isStuck = true;
        if (options.Hold != 0) release.Arm(scope.Clock.Now.AddNs((long)options.Hold));
        scope.Fired(options.Hold == 0 ? "the line stays high" : $"the line stays high for {options.Hold} ns");
    }

    private void Release(VmTime due)
    {
        isStuck = false;
        base.Set(pin, level);
    }

    public void Reset()
    {
        level = false;
        isStuck = false;
        release.Cancel();
    }

    public void Save(StateWriter writer)
    {
        writer.Flag(1, level);
        writer.Flag(2, isStuck);
        writer.UInt(3, (ulong)pin);
    }

    public void Load(StateReader reader)
    {
        level = reader.Flag(1, false);
        isStuck = reader.Flag(2, false);
        pin = (int)reader.UInt(3, 0, int.MaxValue);
    }
}
