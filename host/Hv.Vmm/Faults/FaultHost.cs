using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Memory;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Strands;
using Hv.Vmm.Time;

namespace Hv.Vmm.Faults;

/// <summary>The machine as its fault rules need it.</summary>
internal sealed class FaultHost(Hardware hardware) : IFaultHost
{
    private readonly DeviceLog log = new("fault", hardware.Log);

    public IVmClock Clock => hardware.Clock;
    public IDmaSpace Memory => hardware.Memory.Dma;
    /// <summary>For places that belong to no device; ranked with the devices' strands.</summary>
    public Strand Strand { get; } = new("fault", "fault", hardware.Runner, isSerialized: true);
    IStrand IFaultHost.Strand => Strand;

    public IFaultEntropy CreateEntropy(string name) => new RuleEntropy(hardware, name);

    public IVmTimer CreateTimer(string name, IStrand strand, Action<VmTime> fired) =>
        hardware.Timers.Create(new FaultTimerOwner((Strand)strand, hardware.Events.FaultFailed), name, fired);

    public bool Holds(string path, FaultCondition condition)
    {
        DeviceNode? node = Find(path);
        if (node is not { IsFailed: false, Device: IInspectable inspectable }) return false;
        using StrandScope scope = node.Strand.Enter();
        return condition.Holds(inspectable);
    }

    /// <summary>Names of the fields that a device shows; null when there is no such device.</summary>
    public IReadOnlyList<string>? FieldsOf(string path)
    {
        DeviceNode? node = Find(path);
        if (node is null) return null;
        if (node.Device is not IInspectable inspectable) return [];
        using StrandScope scope = node.Strand.Enter();
        return FaultCondition.FieldsOf(inspectable);
    }

    public void Fired(FaultRule rule, FaultFiring firing) =>
        log.Write(LogLevel.Info, $"{rule.Name} at {firing.Site}, {firing.At}: {firing.Evidence}");

    public void CutPower(string reason) => hardware.Control.CutPower(reason);

    private DeviceNode? Find(string path)
    {
        foreach (DeviceContext device in hardware.Devices)
        {
            if (device.Path == path) return device.Node;
        }
        return null;
    }

    private sealed class RuleEntropy(Hardware hardware, string name) : IFaultEntropy
    {
        private readonly DeviceEntropy stream = new(hardware.Seed, $"fault {name}");

        public ulong Position
        {
            get => stream.Position;
            set => stream.Restore(hardware.Seed, value);
        }

        public void Fill(Span<byte> destination) => stream.Fill(destination);
    }
}
