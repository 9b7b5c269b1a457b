using System.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Management;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Backends;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Faults;
using Hv.Vmm.Reload;
using Hv.Vmm.Snapshots;
using Hv.Vmm.Supervision;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm;

/// <summary>One machine from power-on to its end. Everything that concerns the whole machine (reset, pause, save, end)
/// is done by one control thread while vCPUs, timers and posted work stand still; requests only queue it. So it works
/// from inside device callbacks, and takes a bounded time whatever the guest does: what does not stand within the
/// watchdog's patience ends the machine with code 4.</summary>
public sealed class Machine : IMachine, IDisposable
{
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(2);

    private readonly Hardware hardware;
    private readonly MachineDescription description;
    private readonly FaultInstaller faults;
    private readonly ControlQueue commands = new();
    private readonly TaskCompletionSource<MachineOutcome> completion = new(
        TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock endGate = new();
    private readonly List<StateHash> stateHashes = [];
    private readonly SemaphoreSlim reloading = new(1, 1);
    private readonly Watchdog watchdog;
    private readonly PauseMark pauseMark;
    private Thread? controlThread;
    private Timer? timeout;
    private Action? afterResume;
    private volatile MachineState state = MachineState.Created;
    private volatile bool isResetRequested;
    private volatile bool isHung;
    private bool isDisposed;

    internal Machine(Hardware hardware, FaultInstaller faults)
    {
        this.hardware = hardware;
        this.faults = faults;
        description = hardware.Description;
        pauseMark = new PauseMark(hardware);
        watchdog = new Watchdog(description.Name, hardware.Threads, description.WatchdogPatience, Hung);
        hardware.Control.Connect(this);
        hardware.Events.Connect(this);
        if (hardware.Runner is DeterministicRunner runner && description.StateHashInterval != 0)
        {
            runner.CheckpointInterval = description.StateHashInterval;
            runner.CheckpointReached = total => stateHashes.Add(StateHash.Of(hardware, total));
        }
    }

    internal Hardware Hardware => hardware;
    /// <inheritdoc/>
    public string Name => description.Name;
    /// <summary>What the machine was made from.</summary>
    public MachineDescription Description => description;
    /// <summary>The engine that was taken.</summary>
    public string EngineName => hardware.EngineName;
    /// <inheritdoc/>
    public MachineState State => state;
    /// <inheritdoc/>
    public MachineOutcome? Outcome => completion.Task.IsCompletedSuccessfully ? completion.Task.Result : null;
    /// <inheritdoc/>
    public IVmClock Clock => hardware.Clock;
    /// <inheritdoc/>
    public Task<MachineOutcome> Completion => completion.Task;
    /// <inheritdoc/>
    public IConsole? Console => hardware.Console;
    /// <summary>Deterministic mode: the hashes taken so far, one each
    /// <see cref="MachineDescription.StateHashInterval"/> instructions.
    /// Complete when the machine has ended.</summary>
    public IReadOnlyList<StateHash> StateHashes => stateHashes;

    /// <summary>The faults of this machine with what they counted; those that were added while it ran come
    /// last.</summary>
    public IReadOnlyList<FaultRule> Faults => hardware.Faults.Rules;

    /// <summary>Why this machine cannot be saved, by device; empty when it can. Known from the beginning.</summary>
    public IReadOnlyList<string> WhyUnsaveable =>
        [.. DevicesWithoutState, .. hardware.Backends.Select(b => b.Value.WhyUnsaveable).OfType<string>()];

    private IEnumerable<string> DevicesWithoutState => hardware.Devices.Where(d => !d.Node.IsSaveable)
        .Select(d => $"the device {d.Path} ({d.Node.Model.Name}, plugin {d.Node.Model.Plugin}) does not say how it is saved");

    /// <summary>Refuses a machine that was asked to be saveable and is not: nobody finds out when it is
    /// saved.</summary>
    /// <exception cref="ConfigurationException">Names the device or the disk, and who asked.</exception>
    internal void CheckSaveRequests()
    {
        string? asker = description.SaveOnExit is not null ? "save-on-exit" : description.SavingAskedBy;
        if (asker is not null && WhyUnsaveable is [var why, ..]) throw new ConfigurationException($"{asker}: {why}");
        // Backends stay while plugins are replaced: only devices must say how they are saved.
        if (description.IsReloadable && DevicesWithoutState.FirstOrDefault() is { } lacking)
            throw new ConfigurationException($"reloadable: {lacking}");
    }

    /// <summary>Resets the machine, or takes it over from <see cref="MachineDescription.RestoreFrom"/>, and lets it
    /// run. Once.</summary>
    /// <param name="isPaused">Whether it stands at its first instruction until <see cref="ResumeAsync"/>.</param>
    /// <exception cref="ConfigurationException">Firmware cannot use what it was given.</exception>
    /// <exception cref="StateException">The snapshot cannot be honoured; the message says why. Exit code 1.</exception>
    /// <exception cref="PluginException">Firmware or a device failed.</exception>
    public void Start(bool isPaused = false)
    {
        if (state != MachineState.Created) throw new InvalidOperationException("the machine was started before");
        hardware.Runner.Start(hardware.Vcpus);
        Watched("power on", PowerOn);
        faults.CheckConditions();
        state = isPaused ? MachineState.Paused : MachineState.Running;
        if (!isPaused) ResumeBackends();
        if (description.Timeout is { } limit)
            timeout = new Timer(_ => Quit(EndReason.Timeout, $"the timeout of {limit} passed"), null, limit,
                System.Threading.Timeout.InfiniteTimeSpan);
        watchdog.Start();
        if (!isPaused) hardware.Runner.Resume();
        controlThread = hardware.Threads.Start("control", ControlLoop);
    }

    private void PowerOn()
    {
        ResetDevices(ResetKind.Cold);
        if (description.RestoreFrom is { } file) SnapshotReader.Restore(file, hardware);
        else InstallFirmware();
    }

    // What is done outside the machine's own threads. What a plugin that does not return may still use is not given
    // back.
    private void Watched(string what, Action work)
    {
        try
        {
            Supervised.Run($"{Name}: {what}", description.WatchdogPatience, work);
        }
        catch (PluginHungException)
        {
            isHung = true;
            throw;
        }
    }

    /// <inheritdoc/>
    public Task PauseAsync() => Command(() => state = MachineState.Paused);

    /// <summary>Lets the machine run until virtual time reaches a moment, and pauses it there; in deterministic mode
    /// that is the first instruction boundary at or after it. One at a time.</summary>
    /// <returns>Done when the machine stands; fails with <see cref="InvalidOperationException"/> when it ends
    /// before.</returns>
    public async Task PauseAtAsync(VmTime due)
    {
        TaskCompletionSource<Task> reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pauseMark.Set(due, () => reached.SetResult(PauseAsync()));
        if (state == MachineState.Paused) await ResumeAsync().ConfigureAwait(false);
        if (await Task.WhenAny(reached.Task, completion.Task).ConfigureAwait(false) == reached.Task)
        {
            await reached.Task.Unwrap().ConfigureAwait(false);
            return;
        }
        pauseMark.Clear();
        throw new InvalidOperationException($"the machine ended before {due.Nanoseconds} ns: {Outcome?.Message}");
    }

    /// <inheritdoc/>
    public Task ResumeAsync() => Command(() =>
    {
        state = MachineState.Running;
        ResumeBackends();
    });

    /// <inheritdoc/>
    public Task ResetAsync()
    {
        if (!description.NoReboot) return Command(() => Reset(ResetKind.Warm, "the reset button"));
        Quit(EndReason.Reset, "the reset button was pressed");
        return completion.Task;
    }

    /// <summary>Adds a fault while the machine runs; it stands still for that moment. Any thread. Needs
    /// <see cref="MachineDescription.TakesFaults"/>. Switch the rule off with
    /// <see cref="FaultRule.IsEnabled"/>.</summary>
    /// <exception cref="InvalidOperationException">The machine has ended, or was built without taking
    /// faults.</exception>
    /// <exception cref="ConfigurationException">The description is at fault, or addresses nothing here.</exception>
    /// <exception cref="PluginException">The fault's plugin failed.</exception>
    public async Task<FaultRule> AddFaultAsync(FaultDescription description)
    {
        FaultRule? rule = null;
        await Command(() => rule = faults.AddRunning(description)).ConfigureAwait(false);
        return rule!;
    }

    /// <inheritdoc/>
    public void PressPowerButton()
    {
        if (hardware.Services.Of<IPowerButton>().FirstOrDefault() is not { } button)
        {
            hardware.Log.Write("core", LogLevel.Warn, "the machine has no power button", null);
            return;
        }
        hardware.Services.ProviderOf<IPowerButton>()!.Strand.Post(button.Press);
    }

    /// <inheritdoc/>
    public Task SaveAsync(string path) => Command(() => Save(path));

    /// <summary>Replaces a plugin's code under the running guest. All or nothing; one at a time.</summary>
    /// <exception cref="ReloadRefusedException">The new code cannot take over; the old code runs on.</exception>
    public async Task<ReloadReport> ReloadAsync(IPluginReplacement replacement)
    {
        if (!description.IsReloadable)
            throw new ReloadRefusedException(
                $"the machine '{Name}' was not started for replacing plugins", "start it with --reloadable");
        await reloading.WaitAsync().ConfigureAwait(false);
        try
        {
            if (state is not (MachineState.Running or MachineState.Paused))
                throw new ReloadRefusedException($"the machine '{Name}' does not run", "start it again");
            long begin = Stopwatch.GetTimestamp();
            string oldVersion = hardware.Devices.Find(
                d => d.Node.Model.Plugin == replacement.Plugin)?.Node.Model.PluginVersion ?? "";
            PluginReload reload = PluginReload.Prepare(hardware, replacement);
            TimeSpan preparation = Stopwatch.GetElapsedTime(begin);
            TimeSpan blackout;
            try
            {
                blackout = await TakeOver(reload).ConfigureAwait(false);
            }
            catch
            {
                reload.Discard();
                throw;
            }
            reload.DisposeReplaced();
            return new ReloadReport
            {
                Plugin = replacement.Plugin,
                OldVersion = oldVersion,
                NewVersion = replacement.Version,
                Devices = reload.Report,
                Preparation = preparation,
                Blackout = blackout,
            };
        }
        finally
        {
            reloading.Release();
        }
    }

    private Task<TimeSpan> TakeOver(PluginReload reload)
    {
        TaskCompletionSource<TimeSpan> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ReloadRefusedException ended = new($"the machine '{Name}' has ended", "start it again");
        long begin = Stopwatch.GetTimestamp();
        hardware.Runner.RequestStop();
        bool isTaken = commands.Add(() =>
        {
            try
            {
                reload.TakeOver();
                afterResume = () => done.SetResult(Stopwatch.GetElapsedTime(begin));
            }
            catch (ReloadRefusedException e)
            {
                afterResume = () => done.SetException(e);
            }
            catch (Exception e)
            {
                // Half of the devices may be exchanged: nothing sound is left to go on with.
                done.SetException(e);
                throw;
            }
        }, () => done.SetException(ended));
        if (!isTaken) done.TrySetException(ended);
        return done.Task;
    }

    /// <inheritdoc/>
    public void Quit(EndReason reason, string message) => RequestEnd(reason, message, reason switch
    {
        EndReason.Timeout => 124,
        EndReason.Interrupted => 130,
        EndReason.HostFailure => 4,
        EndReason.Crash => 3,
        _ => 0,
    });

    /// <summary>Guest memory by physical address, for whoever tests or debugs the machine. Any thread; not ordered with
    /// what vCPUs do, unless the machine is paused.</summary>
    public IDmaSpace Memory => hardware.Memory.Dma;

    /// <summary>Writes counters and the insides of devices that show them, for <c>--stats</c>. Paused or stopped
    /// machines only.</summary>
    public void Inspect(IInspector to)
    {
        if (state == MachineState.Running) throw new InvalidOperationException("the machine runs");
        // A device whose callback does not return holds its strand for good: it cannot be asked.
        Watched("inspection", () => MachineStatistics.Write(hardware, to, withInsides: !isHung));
    }

    // ---- requests, any thread, return at once

    internal void RequestReset(ResetKind kind, string reason)
    {
        if (description.NoReboot)
        {
            RequestEnd(EndReason.Reset, $"the guest reset: {reason}", 0);
            return;
        }
        if (isResetRequested) return;
        isResetRequested = true;
        hardware.Runner.RequestStop();
        commands.Add(() => Reset(kind, reason));
    }

    internal void RequestEnd(EndReason reason, string message, int exitCode)
    {
        // Stop first, queue second: the command that follows lets the machine go on, whatever happens in between.
        hardware.Runner.RequestStop();
        commands.Add(() => End(reason, message, exitCode));
    }

    internal void TripleFault(int vcpu) => RequestEnd(EndReason.Crash, $"vCPU {vcpu}: triple fault", 3);

    internal void EngineFailed(int vcpu, string message, Exception? exception)
    {
        hardware.Log.Write($"engine {EngineName}", LogLevel.Error, message, exception);
        RequestEnd(EndReason.HostFailure, $"the engine {EngineName} cannot run vCPU {vcpu}: {message}", 4);
    }

    internal void DeviceFailed(DeviceNode device, string where, Exception exception)
    {
        string message = $"the device {device.Path} ({device.Model.Name}, plugin {device.Model.Plugin}) failed {where}: "
            + $"{exception.GetType().Name}: {exception.Message}";
        hardware.Log.Write(device.Path, LogLevel.Error, message, exception);
        if (description.OnDeviceFailure == FailurePolicy.Stop) RequestEnd(EndReason.HostFailure, message, 4);
    }

    internal void FaultFailed(string where, Exception exception)
    {
        string message = $"a fault failed {where}: {exception.GetType().Name}: {exception.Message}";
        hardware.Log.Write("fault", LogLevel.Error, message, exception);
        RequestEnd(EndReason.HostFailure, message, 4);
    }

    private Task Command(Action action)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        hardware.Runner.RequestStop();
        bool isTaken = commands.Add(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }, done.SetCanceled);
        if (!isTaken) done.TrySetException(new InvalidOperationException("the machine has ended"));
        return done.Task;
    }

    // ---- the control thread

    private void ControlLoop()
    {
        while (state != MachineState.Stopped && commands.Take() is { } command)
        {
            if (!hardware.Runner.Stop(description.WatchdogPatience, out string culprit))
            {
                Hung($"{culprit} ({watchdog.Describe()})");
                break;
            }
            try
            {
                command();
            }
            catch (Exception e)
            {
                hardware.Log.Write("core", LogLevel.Error, "a command failed", e);
                End(EndReason.HostFailure, $"{e.GetType().Name}: {e.Message}", 4);
            }
            if (state == MachineState.Running) hardware.Runner.Resume();
            Interlocked.Exchange(ref afterResume, null)?.Invoke();
        }
        commands.Close();
    }

    private void Reset(ResetKind kind, string reason)
    {
        isResetRequested = false;
        hardware.Log.Write("core", LogLevel.Info, $"reset: {reason}", null);
        foreach (KeyValuePair<(string Path, string Slot), IBackendPort> backend in hardware.Backends)
            backend.Value.Reset();
        ResetDevices(kind);
        InstallFirmware();
        ResumeBackends();
    }

    private void ResetDevices(ResetKind kind)
    {
        hardware.Fabric.LowerAll();
        hardware.Timers.CancelAll();
        hardware.Faults.Reset();
        foreach (DeviceContext device in hardware.Devices)
        {
            DeviceNode node = device.Node;
            node.Strand.DropPosted();
            device.Link?.DropPosted();
            if (node.IsFailed) continue;
            using StrandScope scope = node.Strand.Enter();
            try
            {
                node.Device.Reset(kind);
            }
            catch (Exception e)
            {
                node.Fail("in its reset", e);
            }
        }
        foreach (VcpuNode vcpu in hardware.Vcpus) vcpu.Reset();
    }

    private void ResumeBackends()
    {
        foreach (KeyValuePair<(string Path, string Slot), IBackendPort> backend in hardware.Backends)
            backend.Value.Resumed();
    }

    private void InstallFirmware()
    {
        FirmwareSetup firmware = hardware.Firmware!;
        try
        {
            firmware.Install();
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            throw new PluginException($"firmware {firmware.Name} failed: {e.GetType().Name}: {e.Message}", e);
        }
    }

    private void Save(string path)
    {
        if (WhyUnsaveable is [var why, ..]) throw new InvalidOperationException(why);
        hardware.Faults.IsQuiet = true;
        try
        {
            Drain();
            SnapshotWriter.Write(path, hardware);
        }
        finally
        {
            hardware.Faults.IsQuiet = false;
        }
    }

    // Devices with work outside the core's backends wind down first. A save waits for them and for the disks within
    // bounds; what the guest has
    // not heard of by then is saved as requests that are issued again.
    private void Drain()
    {
        List<(DeviceNode Node, IDrain Drain)> draining =
            [.. hardware.Devices.Where(d => d.Node.Device is IDrain).Select(d => (d.Node, (IDrain)d.Node.Device))];
        foreach ((DeviceNode node, IDrain drain) in draining) OnStrand(node, drain.BeginDrain);
        long deadline = Environment.TickCount64 + (long)DrainPatience.TotalMilliseconds;
        while (draining.Count > 0 && Environment.TickCount64 < deadline)
        {
            draining.RemoveAll(d =>
            {
                // Nothing else runs posted work now, and a drain may end by it.
                d.Node.Strand.RunPosted();
                bool isDrained = true;
                OnStrand(d.Node, () => isDrained = d.Drain.IsDrained);
                return isDrained;
            });
            if (draining.Count > 0) Thread.Sleep(1);
        }
        foreach (KeyValuePair<(string Path, string Slot), IBackendPort> backend in hardware.Backends)
        {
            backend.Value.Quiesce(DrainPatience);
            backend.Value.Flush();
        }
    }

    private static void OnStrand(DeviceNode node, Action call)
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

    private void End(EndReason reason, string message, int exitCode)
    {
        bool isFromOutside = reason is EndReason.Quit or EndReason.Interrupted or EndReason.Timeout;
        if (isFromOutside && description.SaveOnExit is { } file)
        {
            try
            {
                Save(file);
                (reason, message, exitCode) = (EndReason.Saved, $"saved to {file} ({message})", 0);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                (reason, message, exitCode) = (EndReason.HostFailure,
                    $"the machine could not be saved to {file}: {e.Message}", 1);
            }
        }
        hardware.Faults.IsQuiet = true;
        foreach (KeyValuePair<(string Path, string Slot), IBackendPort> backend in hardware.Backends)
        {
            backend.Value.Quiesce(DrainPatience);
            backend.Value.Flush();
        }
        Finish(Judge(new MachineOutcome { Reason = reason, Message = message, ExitCode = exitCode }));
    }

    /// <summary>A run that ended well proves nothing when a fault that was to be survived never came.</summary>
    private MachineOutcome Judge(MachineOutcome outcome)
    {
        bool isVerdict = outcome.Reason is EndReason.PowerOff or EndReason.Reset or EndReason.ExitPort or EndReason.Quit
            or EndReason.PowerCut;
        string[] silent =
        [
            .. hardware.Faults.Rules.Where(r => r is { Fired: 0, When.IsOptional: false, IsEnabled: true })
                .Select(r => $"the fault '{r.Name}' at '{r.Where}' never fired ({r.Opportunities} opportunities)"),
        ];
        if (silent.Length == 0) return outcome;
        string message = $"{outcome.Message}; {string.Join("; ", silent)}";
        return isVerdict
            ? new MachineOutcome { Reason = EndReason.Inconclusive, Message = message, ExitCode = 6 }
            : new MachineOutcome { Reason = outcome.Reason, Message = message, ExitCode = outcome.ExitCode };
    }

    private void Finish(MachineOutcome outcome)
    {
        lock (endGate)
        {
            if (completion.Task.IsCompleted) return;
            state = MachineState.Stopped;
            completion.SetResult(outcome);
        }
    }

    /// <summary>Something does not return: disks are made durable, and the machine ends without waiting for
    /// it.</summary>
    private void Hung(string message)
    {
        isHung = true;
        hardware.Log.Write("watchdog", LogLevel.Error, message, null);
        Thread flush = new(() =>
        {
            foreach (KeyValuePair<(string Path, string Slot), IBackendPort> backend in hardware.Backends)
                backend.Value.Flush();
        }) { IsBackground = true, Name = $"{Name}: last flush" };
        flush.Start();
        flush.Join(TimeSpan.FromSeconds(5));
        Finish(new MachineOutcome { Reason = EndReason.HostFailure, Message = message, ExitCode = 4 });
        commands.Close();
    }

    /// <summary>Ends the machine if it runs, and gives everything back. Blocks until its threads have ended; a machine
    /// whose threads do not return keeps its memory until the process ends.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        timeout?.Dispose();
        if (controlThread is not null && state != MachineState.Stopped)
            Quit(EndReason.Quit, "the machine was disposed");
        if (controlThread is not null && !isHung) controlThread.Join();
        commands.Close();
        watchdog.Stop();
        if (isHung || !hardware.Runner.End(description.WatchdogPatience)) return;
        try
        {
            Watched("end", hardware.Dispose);
        }
        catch (PluginHungException e)
        {
            hardware.Log.Write("watchdog", LogLevel.Error, e.Message, null);
        }
        Finish(new MachineOutcome { Reason = EndReason.Quit, Message = "the machine was never started", ExitCode = 0 });
    }
}
