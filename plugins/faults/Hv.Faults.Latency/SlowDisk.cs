using Hv.Sdk.Block;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;

namespace Hv.Faults.Latency;

/// <summary>A disk whose completions come later. The medium has done its work by then: what is late is the
/// news.</summary>
internal sealed class SlowDisk : ForwardingBlockPort, IFaultState
{
    private readonly IFaultScope scope;
    private readonly DelayLine<(ulong Tag, BlockStatus Status)> late;

    public SlowDisk(IBlockPort inner, LatencyOptions options, IFaultScope scope) : base(inner)
    {
        this.scope = scope;
        late = new DelayLine<(ulong Tag, BlockStatus Status)>(options, scope, keepsOrder: false,
            done => Listener?.Completed(done.Tag, done.Status));
    }

    public override void Completed(ulong tag, BlockStatus status)
    {
        if (!scope.Strikes())
        {
            base.Completed(tag, status);
            return;
        }
        scope.Fired($"completion of request {tag} ({status}) comes {late.Add((tag, status))} ns later");
    }

    public override void Abandon(ulong tag)
    {
        late.Remove(done => done.Tag == tag);
        base.Abandon(tag);
    }

    public void Reset() => late.Clear();

    public void Save(StateWriter writer) => late.Save(writer, static (w, done) =>
    {
        w.UInt(1, done.Tag);
        w.UInt(2, (ulong)done.Status);
    });

    public void Load(StateReader reader) => late.Load(reader, static r =>
        (r.UInt(1, 0, ulong.MaxValue), (BlockStatus)r.UInt(2, 0, byte.MaxValue)));
}
