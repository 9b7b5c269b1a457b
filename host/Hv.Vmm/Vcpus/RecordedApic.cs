using Hv.Sdk.Engines;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Vcpus;

/// <summary>A local APIC as the engine calls it, with a note of each call: engines call it without the core. All but
/// <see cref="Pending"/>, which is a look.</summary>
internal sealed class RecordedApic(ILocalApic apic, Callee callee) : ILocalApic
{
    public VcpuSignals Pending => apic.Pending;
    public ulong ApicBase => apic.ApicBase;

    public byte Cr8
    {
        get => apic.Cr8;
        set
        {
            using CallScope scope = CallRecord.Enter(callee);
            apic.Cr8 = value;
        }
    }

    public int AcknowledgeInterrupt()
    {
        using CallScope scope = CallRecord.Enter(callee);
        return apic.AcknowledgeInterrupt();
    }

    public void Take(VcpuSignals signal, out byte vector)
    {
        using CallScope scope = CallRecord.Enter(callee);
        apic.Take(signal, out vector);
    }

    public MsrStatus ReadMsr(uint msr, out ulong value)
    {
        using CallScope scope = CallRecord.Enter(callee);
        return apic.ReadMsr(msr, out value);
    }

    public MsrStatus WriteMsr(uint msr, ulong value)
    {
        using CallScope scope = CallRecord.Enter(callee);
        return apic.WriteMsr(msr, value);
    }

    public void OnInit()
    {
        using CallScope scope = CallRecord.Enter(callee);
        apic.OnInit();
    }
}
