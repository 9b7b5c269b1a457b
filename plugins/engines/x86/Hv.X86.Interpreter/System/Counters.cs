using Hv.Sdk;

namespace Hv.X86.Interpreter;

/// <summary>What one vCPU met, for <c>--stats</c>. Written by its thread; read while it does not run.</summary>
internal sealed class Counters
{
    private readonly ulong[] exceptions = new ulong[32];
    private ulong interrupts;
    private ulong softwareInterrupts;

    /// <summary>RDMSR and WRMSR of MSRs that do not exist.</summary>
    public ulong UnknownMsrs;
    /// <summary>Translations entered into the TLB.</summary>
    public ulong TlbFills;
    /// <summary>Times the whole TLB was emptied.</summary>
    public ulong TlbFlushes;
    /// <summary>System-management interrupts taken.</summary>
    public ulong Smis;
    /// <summary>Times HLT was executed.</summary>
    public ulong Halts;

    /// <summary>Counts an event that is being delivered.</summary>
    public void Count(in PendingEvent pending)
    {
        if (pending.Type == Fault.External)
            interrupts++;
        else if (pending.Type == Fault.SoftwareInterrupt)
            softwareInterrupts++;
        else
            exceptions[pending.Vector & 31]++;
    }

    /// <summary>Adds this vCPU's numbers to a sum over all.</summary>
    public void AddTo(Counters sum)
    {
        for (int i = 0; i < exceptions.Length; i++)
            sum.exceptions[i] += exceptions[i];
        sum.interrupts += interrupts;
        sum.softwareInterrupts += softwareInterrupts;
        sum.UnknownMsrs += UnknownMsrs;
        sum.TlbFills += TlbFills;
        sum.TlbFlushes += TlbFlushes;
        sum.Smis += Smis;
        sum.Halts += Halts;
    }

    /// <summary>Shows the numbers; exceptions that never happened are left out.</summary>
    public void Inspect(IInspector to)
    {
        to.Field("interrupts", interrupts);
        to.Field("software-interrupts", softwareInterrupts);
        for (int i = 0; i < exceptions.Length; i++)
            if (exceptions[i] != 0)
                to.Field($"exception-{i}", exceptions[i]);
        to.Field("smis", Smis);
        to.Field("halts", Halts);
        to.Field("tlb-fills", TlbFills);
        to.Field("tlb-flushes", TlbFlushes);
        to.Field("unknown-msrs", UnknownMsrs);
    }
}
