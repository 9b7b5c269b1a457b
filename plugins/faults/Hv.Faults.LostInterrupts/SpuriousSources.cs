using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Faults.LostInterrupts;

/// <summary>A line that pulses without the device.</summary>
internal sealed class SpuriousLine : ForwardingIrqSink, IFaultState
{
    private const int Unknown = -1;

    private readonly IFaultScope scope;
    private int pin = Unknown;
    private bool level;

    public SpuriousLine(IIrqSink inner, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    public override void Set(int line, bool to)
    {
        (pin, level) = (line, to);
        base.Set(line, to);
    }

    public override void Pulse(int line)
    {
        (pin, level) = (line, false);
        base.Pulse(line);
    }

    // A line that is high already cannot rise, and one that the device never drove is not known yet.
    private void Strike()
    {
        if (level || pin == Unknown) return;
        base.Set(pin, true);
        base.Set(pin, false);
        scope.Fired("a pulse that the device did not send");
    }

    public void Reset() => level = false;

    public void Save(StateWriter writer)
    {
        writer.Int(1, pin);
        writer.Flag(2, level);
    }

    public void Load(StateReader reader)
    {
        pin = (int)reader.Int(1, Unknown);
        level = reader.Flag(2, false);
    }
}

/// <summary>A device whose last message comes again.</summary>
internal sealed class SpuriousMessages : ForwardingMsiTarget, IFaultState
{
    private readonly IFaultScope scope;
    private MsiMessage last;
    private bool hasLast;

    public SpuriousMessages(IMsiTarget inner, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    public override void Send(in MsiMessage message)
    {
        last = message;
        hasLast = true;
        base.Send(message);
    }

    private void Strike()
    {
        if (!hasLast) return;
        base.Send(last);
        scope.Fired($"message 0x{last.Data:x} to 0x{last.Address:x} came again");
    }

    public void Reset() => hasLast = false;

    public void Save(StateWriter writer)
    {
        writer.Flag(1, hasLast);
        writer.UInt(2, last.Address);
        writer.UInt(3, last.Data);
    }

    public void Load(StateReader reader)
    {
        hasLast = reader.Flag(1, false);
        last = new MsiMessage
        {
            Address = reader.UInt(2, 0, ulong.MaxValue),
            Data = (uint)reader.UInt(3, 0, uint.MaxValue),
        };
    }
}

/// <summary>A vCPU that gets a non-maskable interrupt from nowhere. A vCPU in HLT takes it when it wakes
/// next.</summary>
internal sealed class SpuriousNmi : ForwardingLocalApic, IFaultState
{
    private readonly IFaultScope scope;
    private IVcpu? vcpu;
    private volatile bool isPending;

    public SpuriousNmi(ILocalApic inner, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    public void Connect(IVcpu to) => vcpu = to;

    private void Strike()
    {
        isPending = true;
        vcpu?.Notify();
        scope.Fired("a non-maskable interrupt that nobody sent");
    }

    public override VcpuSignals Pending => isPending ? base.Pending | VcpuSignals.Nmi : base.Pending;

    public override void Take(VcpuSignals signal, out byte vector)
    {
        if (signal != VcpuSignals.Nmi || !isPending)
        {
            base.Take(signal, out vector);
            return;
        }
        isPending = false;
        vector = 0;
    }

    public void Reset() => isPending = false;
    public void Save(StateWriter writer) => writer.Flag(1, isPending);
    public void Load(StateReader reader) => isPending = reader.Flag(1, false);
}
