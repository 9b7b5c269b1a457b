using Hv.Interop;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Vmm.Buses;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Vcpus;

/// <summary>One vCPU as the core knows it.</summary>
internal sealed class VcpuNode : IDisposable
{
    private static readonly int ReasonCount = Enum.GetValues<VcpuExitReason>().Length;

    private readonly ulong[] exits = new ulong[ReasonCount];
    private readonly VcpuState powerOn;

    private readonly Callee engine;

    public VcpuNode(int index, string engineName, IPartition partition, ILocalApic apic, AddressBus ports,
        AddressBus memory, FaultPlan faults, Strand faultStrand, Action<int> readCompleted)
    {
        Index = index;
        engine = Callee.Of($"the engine {engineName}");
        InGuest = Callee.Of($"the engine {engineName} on vCPU {index}", CalleeKind.Guest);
        Bus = new VcpuBus(ports, memory, (ushort)index, () => readCompleted(index));
        string path = $"vcpu{index}";
        ILocalApic wired = faults.Wire(path, "apic", faultStrand, apic);
        IVcpu vcpu = partition.CreateVcpu(index, wired, Bus);
        Bus.Connect(vcpu);
        Vcpu = faults.Wire(path, "run", faultStrand, vcpu);
        ReadState(ref powerOn);
    }

    public int Index { get; }
    /// <summary>Noted while the engine runs guest code.</summary>
    public Callee InGuest { get; }
    public VcpuBus Bus { get; }
    public IVcpu Vcpu { get; }
    /// <summary>Set when something new waits for the vCPU: an interrupt, a completed read, a request to stop.</summary>
    public PreciseEvent Wake { get; } = new();
    /// <summary>Deterministic mode: it is in HLT or waits for a start-up IPI, and nothing has come since.</summary>
    public bool IsIdle { get; set; }

    public void CountExit(VcpuExitReason reason)
    {
        if ((int)reason < exits.Length) exits[(int)reason]++;
    }

    /// <summary>How often it left guest code for a reason.</summary>
    public ulong Exits(VcpuExitReason reason) => exits[(int)reason];

    /// <summary>Puts it into the state after power-on or reset: all vCPUs but the first wait for a start-up
    /// IPI.</summary>
    public void Reset()
    {
        VcpuState state = powerOn;
        state.Retired = Vcpu.Retired;
        state.Activity = Index == 0 ? VcpuActivity.Running : VcpuActivity.WaitForSipi;
        WriteState(state);
        Bus.ForgetPostponed();
        IsIdle = false;
    }

    public void ReadState(ref VcpuState state)
    {
        using CallScope scope = CallRecord.Enter(engine);
        Vcpu.ReadState(ref state);
    }

    public void WriteState(in VcpuState state)
    {
        using CallScope scope = CallRecord.Enter(engine);
        Vcpu.WriteState(state);
    }

    public void Dispose()
    {
        using CallScope scope = CallRecord.Enter(engine);
        Vcpu.Dispose();
        Wake.Dispose();
    }
}
