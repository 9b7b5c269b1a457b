using Hv.Vmm.Devices;
using Hv.Vmm.Strands;

namespace Hv.Vmm;

/// <summary>Looks once a second whether a device's callback has been inside its strand all the time, and names the
/// device when that goes on for too
/// long. Counts looks, not time, so that a host that was suspended accuses nobody.</summary>
internal sealed class Watchdog(string machineName, Hardware hardware, Action<string> hung)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim stop = new();
    private Thread? thread;

    public void Start()
    {
        thread = new Thread(Loop) { IsBackground = true, Name = $"{machineName}: watchdog" };
        thread.Start();
    }

    public void Stop()
    {
        stop.Set();
        thread?.Join();
    }

    /// <summary>Which devices have a callback underway.</summary>
    public string Describe()
    {
        string[] busy = [.. Gates().Where(g => g.IsHeld).Select(g => g.Holder?.Name ?? g.Name)];
        return busy.Length == 0
            ? "no device has a callback underway" : "callbacks underway: " + string.Join(", ", busy);
    }

    private IEnumerable<Gate> Gates() => hardware.Devices.Select(d => d.Node.Strand.Gate).OfType<Gate>().Distinct();

    private void Loop()
    {
        Gate[] gates = [.. Gates()];
        uint[] entries = new uint[gates.Length];
        int[] looks = new int[gates.Length];
        int limit = Math.Max(2, (int)(hardware.Description.WatchdogPatience / Period));
        while (!stop.Wait(Period))
        {
            for (int i = 0; i < gates.Length; i++)
            {
                bool isStuck = gates[i].IsHeld && gates[i].Entries == entries[i];
                entries[i] = gates[i].Entries;
                looks[i] = isStuck ? looks[i] + 1 : 0;
                if (looks[i] < limit || System.Diagnostics.Debugger.IsAttached) continue;
                string path = gates[i].Holder?.Name ?? gates[i].Name;
                DeviceNode? node = hardware.Devices.Find(d => d.Path == path)?.Node;
                hung($"a callback of the device {path} (plugin {node?.Model.Plugin}) has not returned for {limit} s");
                return;
            }
        }
    }
}
