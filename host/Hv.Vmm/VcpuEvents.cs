using Hv.Vmm.Devices;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>Passes what vCPUs, devices and faults did to the machine, which is made after them.</summary>
internal sealed class VcpuEvents : IVcpuEvents
{
    private Machine? machine;

    public void Connect(Machine to) => machine = to;

    public void TripleFault(int vcpu) => machine?.TripleFault(vcpu);

    public void EngineFailed(int vcpu, string message, Exception? exception) =>
        machine?.EngineFailed(vcpu, message, exception);

    public void DeviceFailed(DeviceNode device, string where, Exception exception) =>
        machine?.DeviceFailed(device, where, exception);

    public void FaultFailed(string where, Exception exception) => machine?.FaultFailed(where, exception);
}
