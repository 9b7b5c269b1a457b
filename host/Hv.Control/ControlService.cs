using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk.Management;
using Hv.Vmm;
using Hv.Vmm.Reload;

namespace Hv.Control;

/// <summary>What can be asked of a running machine. Any thread.</summary>
/// <param name="machine">The machine.</param>
/// <param name="catalog">Its plugins.</param>
/// <param name="hvVersion">Version of Hv, for <see cref="Info"/>.</param>
public sealed class ControlService(Machine machine, PluginCatalog catalog, string hvVersion)
{
    private readonly PluginReloader reloader = new(machine, catalog);

    /// <summary>What machine this is.</summary>
    public MachineInfo Info() => new()
    {
        Protocol = Methods.Version,
        Hv = hvVersion,
        Name = machine.Name,
        ProcessId = Environment.ProcessId,
        State = JsonNamingPolicy.KebabCaseLower.ConvertName(machine.State.ToString()),
        Engine = machine.EngineName,
        Board = machine.Description.Board.Name,
        Vcpus = machine.Description.VcpuCount,
        MemoryBytes = machine.Description.MemoryBytes,
        VirtualNs = machine.Clock.Now.Nanoseconds,
        IsReloadable = machine.Description.IsReloadable,
    };

    /// <summary>Stops vCPUs and virtual time.</summary>
    /// <exception cref="DiagnosticException">The machine has ended.</exception>
    public Task PauseAsync() => WhileItRuns(machine.PauseAsync);

    /// <summary>Goes on.</summary>
    /// <exception cref="DiagnosticException">The machine has ended.</exception>
    public Task ResumeAsync() => WhileItRuns(machine.ResumeAsync);

    /// <summary>Presses the reset button.</summary>
    /// <exception cref="DiagnosticException">The machine has ended.</exception>
    public Task ResetAsync() => WhileItRuns(machine.ResetAsync);

    /// <summary>Presses the power button.</summary>
    public void PressPowerButton() => machine.PressPowerButton();

    /// <summary>Ends the machine.</summary>
    public void Quit() => machine.Quit(EndReason.Quit, "asked to at the control socket");

    /// <summary>Which plugins are loaded, and what became of code that was replaced.</summary>
    public PluginsInfo Plugins(bool mustCollect)
    {
        (int letGo, int inMemory) = catalog.RetiredContexts(mustCollect);
        return new PluginsInfo
        {
            Loaded = [.. catalog.Plugins.Where(p => p.IsLoaded)
                .Select(p => new PluginInfo(
                    p.Name, p.Manifest!.Version, p.Folder, catalog.IsReloadable && p.ProvidesOnlyDevices))],
            ContextsLetGo = letGo,
            ContextsInMemory = inMemory,
            PrivateBytes = PrivateBytes(),
        };
    }

    /// <summary>Replaces a plugin's code.</summary>
    /// <exception cref="DiagnosticException">The new code is broken or cannot take over; the code that ran goes
    /// on.</exception>
    public async Task<ReloadInfo> ReloadAsync(ReloadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        long begin = Stopwatch.GetTimestamp();
        ReloadReport report = await reloader.ReloadAsync(request.Plugin, request.Path).ConfigureAwait(false);
        TimeSpan all = Stopwatch.GetElapsedTime(begin);
        return new ReloadInfo
        {
            Plugin = report.Plugin,
            OldVersion = report.OldVersion,
            NewVersion = report.NewVersion,
            Devices = [.. report.Devices.Select(d => d.Path)],
            PreparationMs = Math.Round((all - report.Blackout).TotalMilliseconds, 3),
            BlackoutMs = Math.Round(report.Blackout.TotalMilliseconds, 3),
            ContextsInMemory = catalog.RetiredContexts(mustCollect: false).InMemory,
        };
    }

    private static async Task WhileItRuns(Func<Task> command)
    {
        try
        {
            await command().ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            throw new DiagnosticException(
                new Diagnostic(Codes.NoSuchMachine, Place.Of("hv"), "the machine has ended", null));
        }
    }

    /// <summary>What only this process has in memory: guest RAM is a shared mapping and is not in it.</summary>
    private static long PrivateBytes()
    {
        try
        {
            string line = File.ReadLines("/proc/self/status").First(
                l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan("RssAnon:".Length, line.Length - "RssAnon:".Length - "kB".Length),
                NumberStyles.AllowLeadingWhite
                | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) << 10;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or FormatException)
        {
            return Process.GetCurrentProcess().PrivateMemorySize64;
        }
    }
}
