using Hv.Sdk;
using Hv.Sdk.State;
using Hv.Vmm.Interrupts;
using Hv.Vmm.Strands;
using Hv.Vmm.Time;

namespace Hv.Vmm.Devices;

/// <summary>One device as the core knows it: its strand, its counters, and whether it has failed.</summary>
internal sealed class DeviceNode : ITimerOwner, ILineEnd
{
    private readonly Action<DeviceNode, string, Exception> failed;
    private volatile bool isFailed;

    public DeviceNode(string path, DeviceModel model, IDevice device, Strand strand, DeviceLog log,
        Action<DeviceNode, string, Exception> failed)
    {
        Path = path;
        Model = model;
        Device = device;
        Strand = strand;
        Log = log;
        this.failed = failed;
        strand.OnFailure(e => Fail("in posted work", e));
    }

    public string Path { get; }
    public DeviceModel Model { get; private set; }
    public IDevice Device { get; private set; }
    /// <summary>Options as the definition and the board gave them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    public Strand Strand { get; }
    public DeviceLog Log { get; }

    /// <summary>No callback is made any more; accesses are answered with bus errors.</summary>
    public bool IsFailed => isFailed;

    /// <summary>Accesses answered; written on the strand.</summary>
    public ulong Reads;
    /// <summary>Accesses taken; written on the strand.</summary>
    public ulong Writes;
    /// <summary>Accesses refused; written on the strand.</summary>
    public ulong Misses;
    /// <summary>Timers fired; written on the strand.</summary>
    public ulong TimersFired;

    /// <summary>How the device is saved; null when it says that it has nothing to save.</summary>
    public IStateful? State => Device as IStateful;
    /// <summary>Whether a machine with this device can be saved.</summary>
    public bool IsSaveable => CanBeSaved(Device);

    /// <summary>Whether a device says how it is saved, or that it has nothing to save.</summary>
    public static bool CanBeSaved(IDevice device) =>
        device is IStateful || device.GetType().IsDefined(typeof(NoStateAttribute), inherit: true);

    /// <summary>Another instance, of newer code, is the device from now on. While nothing runs.</summary>
    public void Replace(DeviceModel model, IDevice device)
    {
        Model = model;
        Device = device;
    }

    public bool KeepsItsTimers => false;

    public void CountTimer() => TimersFired++;

    /// <summary>The device threw or broke its contract: it is not called any more, and the machine's policy decides
    /// what follows.</summary>
    public void Fail(string where, Exception exception)
    {
        if (isFailed) return;
        isFailed = true;
        failed(this, where, exception);
    }
}
