using System.Buffers;
using Hv.Sdk.Faults;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>One rule at one place.</summary>
internal sealed class FaultScope(FaultRule rule, FaultSite site, string contract, IStrand strand, IFaultHost host)
    : IFaultScope
{
    private const int MaxTimers = 64;
    private const string MomentTimer = "moment";

    private readonly Dictionary<string, TimerSlot> timers = [];
    private Action? strike;

    public FaultRule FaultRule => rule;
    public string Rule => rule.Name;
    public FaultSite Site => site;
    public IVmClock Clock => host.Clock;
    public IDmaSpace Memory => host.Memory;
    public IEntropy Entropy => rule.Entropy;
    public IStrand Strand => strand;

    /// <summary>Tells the scopes of one rule apart: two contracts may share a place.</summary>
    public string Key => $"{site}/{contract}";

    /// <summary>The decorator's own state; null when it has none.</summary>
    public IFaultState? State { get; private set; }

    public bool Strikes() => rule.Strikes(site);

    public void Fired(string evidence) => rule.Record(site, evidence);

    public void CutPower(string reason) => host.CutPower(reason);

    public IVmTimer CreateTimer(string name, Action<VmTime> fired)
    {
        // The place may be wired again, when its device is reloaded: the timer stays and calls the new decorator.
        if (!timers.TryGetValue(name, out TimerSlot? slot))
        {
            slot = new TimerSlot();
            slot.Timer = host.CreateTimer($"{rule.Name}/{Key}/{name}", strand, slot.Fire);
            timers.Add(name, slot);
        }
        slot.Fired = fired;
        return slot.Timer;
    }

    public void AtMoments(Action toStrike)
    {
        bool isNew = strike is null;
        strike = toStrike;
        IVmTimer timer = CreateTimer(MomentTimer, Moment);
        if (isNew) timer.Arm(rule.When.After);
    }

    private void Moment(VmTime due)
    {
        if (rule.Strikes(site)) strike!();
        if (rule.When.PeriodNs != 0 && !rule.IsSpent && due <= rule.When.Until)
            timers[MomentTimer].Timer.Arm(due.AddNs(rule.When.PeriodNs));
    }

    /// <summary>Takes the decorator that was made; one that stood here before hands its state on.</summary>
    public void Attach(object decorator)
    {
        IFaultState? next = decorator as IFaultState;
        if (State is not null && next is not null)
        {
            ArrayBufferWriter<byte> state = new();
            State.Save(new StateWriter(state));
            next.Load(new StateReader(state.WrittenMemory, 1));
        }
        State = next;
    }

    public void Save(StateWriter writer)
    {
        writer.Text(1, Key);
        foreach ((string name, TimerSlot slot) in timers)
        {
            writer.Group(2, w =>
            {
                w.Text(1, name);
                w.Int(2, slot.Timer.Due.Nanoseconds);
            });
        }
        if (State is not null) writer.Group(3, State.Save);
    }

    public void Load(StateReader reader)
    {
        foreach (StateReader group in reader.Groups(2, MaxTimers))
        {
            if (!timers.TryGetValue(group.Text(1, 128), out TimerSlot? slot)) continue;
            long due = group.Int(2, long.MaxValue);
            if (due == long.MaxValue) slot.Timer.Cancel();
            else slot.Timer.Arm(VmTime.FromNs(due));
        }
        if (State is not null && reader.Groups(3, 1) is [var state]) State.Load(state);
    }

    private sealed class TimerSlot
    {
        public IVmTimer Timer = null!;
        public Action<VmTime> Fired = null!;
        public void Fire(VmTime due) => Fired(due);
    }
}
