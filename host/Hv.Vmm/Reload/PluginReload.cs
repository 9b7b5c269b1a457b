using System.Diagnostics;
using Hv.Sdk;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Reload;

/// <summary>One replacement of a plugin's code under a running guest: the new devices are made ready while the guest
/// runs, take over while it stands, and the old ones are disposed when it runs again. Whatever fails before the
/// take-over leaves the old ones as they were.</summary>
internal sealed class PluginReload
{
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(2);
    // Posted work that posts more work is followed this far.
    private const int PostRounds = 64;

    private readonly Hardware hardware;
    private readonly List<DeviceContext> old = [];
    private readonly List<DeviceSuccessor> next = [];
    private readonly List<IDevice> replaced = [];
    private List<ReloadedDevice> report = [];

    private PluginReload(Hardware hardware) => this.hardware = hardware;

    /// <summary>The devices that were replaced.</summary>
    public IReadOnlyList<ReloadedDevice> Report => report;

    /// <summary>Makes the new devices, tries each with the state that the device has now, and throws the trial away:
    /// what can go wrong goes wrong here, and code that the take-over needs is compiled. The guest runs; only the
    /// strand of a device is held while it is saved.</summary>
    /// <exception cref="ReloadRefusedException">The new code cannot take over.</exception>
    public static PluginReload Prepare(Hardware hardware, IPluginReplacement replacement)
    {
        PluginReload reload = new(hardware);
        try
        {
            foreach (DeviceContext device in hardware.Devices)
            {
                DeviceNode node = device.Node;
                if (node.Model.Plugin != replacement.Plugin) continue;
                if (node.IsFailed)
                    throw new ReloadRefusedException($"the device {node.Path} has failed", "restart the machine");
                DeviceModel model = ModelOf(replacement, node);
                Rehearse(hardware, device, model);
                reload.old.Add(device);
                reload.next.Add(DeviceSuccessor.Make(hardware, device, model));
            }
            return reload;
        }
        catch
        {
            reload.Discard();
            throw;
        }
    }

    private static DeviceModel ModelOf(IPluginReplacement replacement, DeviceNode node)
    {
        try
        {
            return replacement.Device(node.Model.Name) ?? throw new ReloadRefusedException(
                $"version {replacement.Version} of plugin {replacement.Plugin} provides no device '{node.Model.Name}', which {node.Path} is",
                "provide it, or restart the machine without the device");
        }
        catch (PluginException e)
        {
            throw new ReloadRefusedException(e.Message, "correct the new code", e);
        }
    }

    private static void Rehearse(Hardware hardware, DeviceContext device, DeviceModel model)
    {
        DeviceSuccessor trial = DeviceSuccessor.Make(hardware, device, model);
        try
        {
            // A concurrent device may be saved only while it stands.
            if (model.Threading == Threading.Serialized) trial.Load(SavedDevice.Of(device.Node));
        }
        finally
        {
            trial.Discard();
        }
    }

    /// <summary>The new devices take over. Control thread; nothing of the machine runs.</summary>
    /// <exception cref="ReloadRefusedException">One does not; all old ones are as they were.</exception>
    public void TakeOver()
    {
        Drain();
        foreach (DeviceContext device in old) RunPosted(device.Node);
        for (int i = 0; i < old.Count; i++)
        {
            if (old[i].Node.IsFailed) throw new ReloadRefusedException(
                $"the device {old[i].Path} has failed", "restart the machine");
            SavedDevice? state = SavedDevice.Of(old[i].Node);
            // so that the watchdog sees a load that does not return
            using StrandScope scope = old[i].Node.Strand.Enter();
            next[i].Load(state);
        }
        replaced.AddRange(old.Select(d => d.Node.Device));
        report = [.. next.Select(n => n.Commit())];
        foreach (DeviceSuccessor successor in next) successor.Deliver();
        old.Clear();
        next.Clear();
    }

    // What devices have in flight outside the core comes to its end, as before a save.
    private void Drain()
    {
        List<(DeviceNode Node, IDrain Drain)> draining =
            [.. old.Where(d => d.Node.Device is IDrain).Select(d => (d.Node, (IDrain)d.Node.Device))];
        foreach ((DeviceNode node, IDrain drain) in draining) Enter(node, drain.BeginDrain);
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            draining.RemoveAll(d =>
            {
                bool isDrained = true;
                Enter(d.Node, () => isDrained = d.Drain.IsDrained);
                return isDrained;
            });
            if (draining.Count == 0) return;
            if (Stopwatch.GetElapsedTime(begin) > DrainPatience)
                throw new ReloadRefusedException(
                    $"the device {draining[0].Node.Path} does not come to rest", "try again");
            Thread.Sleep(1);
        }
    }

    private static void RunPosted(DeviceNode node)
    {
        for (int round = 0; node.Strand.HasPosted; round++)
        {
            if (round == PostRounds)
                throw new ReloadRefusedException(
                    $"the posted work of the device {node.Path} comes to no end", "try again");
            node.Strand.RunPosted();
        }
    }

    private static void Enter(DeviceNode node, Action call)
    {
        if (node.IsFailed) return;
        using StrandScope scope = node.Strand.Enter();
        try
        {
            call();
        }
        catch (Exception e)
        {
            node.Fail("while it was drained", e);
        }
    }

    /// <summary>Disposes what was replaced. The guest runs again.</summary>
    public void DisposeReplaced()
    {
        foreach ((IDevice device, ReloadedDevice what) in replaced.Zip(report))
        {
            try
            {
                device.Dispose();
            }
            catch (Exception e)
            {
                hardware.Log.Write(what.Path, LogLevel.Warn, "disposing the replaced device failed", e);
            }
        }
        replaced.Clear();
    }

    /// <summary>Disposes what was made ready and is not to be.</summary>
    public void Discard()
    {
        foreach (DeviceSuccessor successor in next) successor.Discard();
        next.Clear();
        old.Clear();
    }
}
