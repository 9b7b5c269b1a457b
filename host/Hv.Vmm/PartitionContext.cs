using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Time;
using Hv.Vmm.Description;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>What the engine gets.</summary>
internal sealed class PartitionContext(MachineDescription description, IVmClock clock, IEntropy entropy,
    IDeviceLog log, Processors processors) : IPartitionContext
{
    public string CpuModel => description.CpuModel;
    public int VcpuCount => description.VcpuCount;
    public ulong TscHz => description.TscHz;
    public bool Deterministic => description.Time == TimeMode.Deterministic;
    public IVmClock Clock => clock;
    public IEntropy Entropy => entropy;
    public IDeviceLog Log => log;
    public int PhysicalAddressBits => 46; // 64 TiB, what servers of the named models have

    public void SetNumericError(int vcpu, bool isAsserted) => processors.NumericErrorChanged(vcpu, isAsserted);
}
