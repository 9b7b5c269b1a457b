using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Vmm.Backends;
using Hv.Vmm.Devices;
using Hv.Vmm.Faults;
using Hv.Vmm.Snapshots;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>Writes a machine's counters.</summary>
internal static class MachineStatistics
{
    /// <summary>Writes everything; without <paramref name="withInsides"/> only what the core itself counts.</summary>
    public static void Write(Hardware hardware, IInspector to, bool withInsides)
    {
        to.Field("virtual-time-ns", (ulong)hardware.Clock.Now.Nanoseconds);
        to.Field("engine", hardware.EngineName);
        to.Field("open-port-accesses", hardware.Ports.OpenAccesses);
        to.Field("open-memory-accesses", hardware.Mmio.OpenAccesses);
        to.Field("msi-messages", hardware.Msi.Messages);
        hardware.Runner.Inspect(to);
        if (withInsides && hardware.Runner is DeterministicRunner runner)
            to.Field("state-hash", $"{StateHash.Of(hardware, runner.TotalRetired).Hash:x16}");
        foreach (VcpuNode vcpu in hardware.Vcpus) to.Child($"vcpu{vcpu.Index}", new VcpuCounters(vcpu));
        if (withInsides && hardware.Partition is { } partition) to.Child("engine", new EngineCounters(partition));
        foreach (DeviceContext device in hardware.Devices)
            to.Child(device.Path, new DeviceCounters(device.Node, withInsides));
        foreach (FaultRule rule in hardware.Faults.Rules) to.Child($"fault {rule.Name}", new FaultStatistics(rule));
        foreach (((string path, string slot), IBackendPort port) in hardware.Backends)
        {
            if (port is BlockPort or NetPort) to.Child($"{path}.{slot}", new PortCounters(port));
        }
    }

    private sealed class VcpuCounters(VcpuNode vcpu) : IInspectable
    {
        public void Inspect(IInspector to)
        {
            to.Field("retired", vcpu.Vcpu.Retired);
            foreach (VcpuExitReason reason in Enum.GetValues<VcpuExitReason>())
            {
                if (vcpu.Exits(reason) is > 0 and ulong count)
                    to.Field($"exits-{reason.ToString().ToLowerInvariant()}", count);
            }
        }
    }

    private sealed class EngineCounters(IPartition partition) : IInspectable
    {
        public void Inspect(IInspector to) => partition.Inspect(to);
    }

    private sealed class DeviceCounters(DeviceNode node, bool withInsides) : IInspectable
    {
        public void Inspect(IInspector to)
        {
            to.Field("reads", node.Reads);
            to.Field("writes", node.Writes);
            to.Field("misses", node.Misses);
            to.Field("timers-fired", node.TimersFired);
            to.Field("guest-errors", node.Log.GuestErrors);
            if (!withInsides || node.IsFailed || node.Device is not IInspectable inspectable) return;
            using StrandScope scope = node.Strand.Enter();
            try
            {
                inspectable.Inspect(to);
            }
            catch (Exception e)
            {
                node.Fail("while it was inspected", e);
            }
        }
    }

    private sealed class PortCounters(IBackendPort port) : IInspectable
    {
        public void Inspect(IInspector to)
        {
            if (port is BlockPort block)
            {
                to.Field("requests", block.Completed);
                to.Field("bytes", block.BytesMoved);
            }
            else if (port is NetPort net)
            {
                to.Field("sent", net.Sent);
                to.Field("received", net.Received);
            }
        }
    }
}
