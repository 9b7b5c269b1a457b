using Hv.Sdk.Engines;

namespace Hv.Sdk.Forwarding;

/// <summary>A virtual processor.</summary>
public class ForwardingVcpu(IVcpu inner) : IVcpu, IForwarder<IVcpu>
{
    /// <inheritdoc/>
    public IVcpu Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual VcpuExit Run(in RunBudget budget) => Inner.Run(budget);
    /// <inheritdoc/>
    public virtual void Kick() => Inner.Kick();
    /// <inheritdoc/>
    public virtual void Notify() => Inner.Notify();
    /// <inheritdoc/>
    public virtual ulong Retired => Inner.Retired;
    /// <inheritdoc/>
    public virtual void ReadState(ref VcpuState state) => Inner.ReadState(ref state);
    /// <inheritdoc/>
    public virtual void WriteState(in VcpuState state) => Inner.WriteState(state);

    /// <summary>Disposes the vCPU behind.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes the vCPU behind.</summary>
    protected virtual void Dispose(bool disposing) => Inner.Dispose();
}
