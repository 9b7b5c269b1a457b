using Hv.Sdk.Engines;

namespace Hv.Sdk.Forwarding;

/// <summary>A local APIC as its vCPU sees it.</summary>
public class ForwardingLocalApic(ILocalApic inner) : ILocalApic, IForwarder<ILocalApic>
{
    /// <inheritdoc/>
    public ILocalApic Inner { get; set; } = inner;
    /// <inheritdoc/>
    public virtual VcpuSignals Pending => Inner.Pending;
    /// <inheritdoc/>
    public virtual int AcknowledgeInterrupt() => Inner.AcknowledgeInterrupt();
    /// <inheritdoc/>
    public virtual void Take(VcpuSignals signal, out byte vector) => Inner.Take(signal, out vector);
    /// <inheritdoc/>
    public virtual byte Cr8 { get => Inner.Cr8; set => Inner.Cr8 = value; }
    /// <inheritdoc/>
    public virtual ulong ApicBase => Inner.ApicBase;
    /// <inheritdoc/>
    public virtual MsrStatus ReadMsr(uint msr, out ulong value) => Inner.ReadMsr(msr, out value);
    /// <inheritdoc/>
    public virtual MsrStatus WriteMsr(uint msr, ulong value) => Inner.WriteMsr(msr, value);
    /// <inheritdoc/>
    public virtual void OnInit() => Inner.OnInit();
}
