using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Faults.Latency;

/// <summary>Message-signalled interrupts that come later; others may overtake them, as posted writes of other devices
/// may.</summary>
internal sealed class SlowMessages : ForwardingMsiTarget, IFaultState
{
    private readonly IFaultScope scope;
    private readonly DelayLine<MsiMessage> late;

    public SlowMessages(IMsiTarget inner, LatencyOptions options, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        late = new DelayLine<MsiMessage>(options, scope, keepsOrder: false, message => Inner.Send(message));
    }

    public override void Send(in MsiMessage message)
    {
        if (!scope.Strikes())
        {
            base.Send(message);
            return;
        }
        scope.Fired($"message 0x{message.Data:x} to 0x{message.Address:x} comes {late.Add(message)} ns later");
    }

    public void Reset() => late.Clear();

    public void Save(StateWriter writer) => late.Save(writer, static (w, m) =>
    {
        w.UInt(1, m.Address);
        w.UInt(2, m.Data);
    });

    public void Load(StateReader reader) => late.Load(reader, static r =>
        new MsiMessage { Address = r.UInt(1, 0, ulong.MaxValue), Data = (uint)r.UInt(2, 0, uint.MaxValue) });
}
