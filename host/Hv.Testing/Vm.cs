using System.Text.Json;
using Hv.Configuration;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Management;
using Hv.Sdk.Memory;
using Hv.Sdk.Time;
using Hv.Vmm;
using Hv.Vmm.Description;
using Hv.Vmm.Reload;

namespace Hv.Testing;

/// <summary>A running VM in a test, in the test's own process: breakpoints in a plugin are hit. Members may be called
/// from any thread.</summary>
public sealed class Vm : IAsyncDisposable
{
    private readonly Machine machine;
    private readonly PluginCatalog catalog;
    private readonly VmLog log;
    private readonly PluginReloader reloader;
    private readonly string listFile;
    private readonly TimeSpan patience;

    private Vm(Machine machine, PluginCatalog catalog, VmLog log, string listFile, TimeSpan patience)
    {
        this.machine = machine;
        this.catalog = catalog;
        reloader = new PluginReloader(machine, catalog);
        this.log = log;
        this.listFile = listFile;
        this.patience = patience;
        Serial = new SerialLine(this, machine.Console, patience);
        Devices = new VmDevices(this);
    }

    /// <summary>The serial line that <c>hv run</c> shows on the terminal.</summary>
    public SerialLine Serial { get; }
    /// <summary>Its devices.</summary>
    public VmDevices Devices { get; }
    /// <summary>Guest memory by physical address. Pause the VM to read more than one word as of one moment.</summary>
    public IDmaSpace Memory => machine.Memory;
    /// <summary>Virtual time since power-on.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(machine.Clock.Now.Nanoseconds / TimeSpan.NanosecondsPerTick);
    /// <summary>What the machine and its devices logged, oldest first, from level information up.</summary>
    public IReadOnlyList<VmLogEntry> Log => log.Entries;
    /// <summary>How it ended; null before.</summary>
    public MachineOutcome? Outcome => machine.Outcome;

    /// <summary>Builds and starts a VM.</summary>
    /// <param name="setup">What it is made of.</param>
    /// <param name="isPaused">Whether it stands at its first instruction until <see cref="Resume"/> or
    /// <see cref="RunFor"/>.</param>
    /// <exception cref="DiagnosticException">The setup has mistakes: all of them, with remedies.</exception>
    public static async Task<Vm> Start(VmSetup setup, bool isPaused = false)
    {
        ArgumentNullException.ThrowIfNull(setup);
        string list = WriteList(setup);
        try
        {
            VmLog log = new();
            PluginCatalog catalog = PluginCatalog.Open(list);
            DiagnosticBag mistakes = new();
            VmDefinition? definition = DefinitionReader.Read(catalog, setup.ToDefinition(), mistakes);
            mistakes.AddRange(catalog.ListProblems);
            if (definition is null || mistakes.HasErrors)
            {
                throw new DiagnosticException(mistakes.Items);
            }

            MachineDescription description = definition.Machine with { TakesFaults = true };
            catalog.IsReloadable = description.IsReloadable;

            // Building loads plugins and opens disks: not work for the test's own thread pool.
            Machine machine = await Task.Factory.StartNew(
                () => new MachineBuilder(new CatalogExtensions(catalog), log).Build(description),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            Vm vm = new(machine, catalog, log, list, setup.Patience);
            machine.Start(isPaused);
            return vm;
        }
        catch
        {
            File.Delete(list);
            throw;
        }
    }

    /// <summary>Stops vCPUs and virtual time.</summary>
    public Task Pause() => machine.PauseAsync();

    /// <summary>Goes on.</summary>
    public Task Resume() => machine.ResumeAsync();

    /// <summary>Lets the VM run for that much virtual time, and pauses it there.</summary>
    /// <exception cref="VmTestException">It ends before, or virtual time does not get there within the setup's
    /// patience.</exception>
    public async Task RunFor(TimeSpan virtualTime)
    {
        try
        {
            await machine.PauseAtAsync(
                machine.Clock.Now.AddNs(virtualTime.Ticks * TimeSpan.NanosecondsPerTick)).WaitAsync(
                    patience).ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            throw Failure(e.Message);
        }
        catch (TimeoutException)
        {
            throw Failure($"{virtualTime} of virtual time did not pass within {patience} of host time");
        }
    }

    /// <summary>Presses the reset button.</summary>
    public Task Reset() => machine.ResetAsync();

    /// <summary>Presses the power button; the guest decides.</summary>
    public void PressPowerButton() => machine.PressPowerButton();

    /// <summary>Adds a fault to the running VM, as <c>--fault</c> takes it:
    /// <c>NAME,where=DEVICE[:POINT][,key=value…]</c>.</summary>
    /// <returns>The rule: how often it struck and what it did; switch it off with
    /// <see cref="FaultRule.IsEnabled"/>.</returns>
    /// <exception cref="DiagnosticException">The text has mistakes.</exception>
    public Task<FaultRule> AddFault(string fault) =>
        machine.AddFaultAsync(DefinitionReader.ReadFault(catalog, fault));

    /// <summary>Replaces a plugin's code under the running guest, as <c>hv plugin reload</c> does. Needs the key
    /// <c>reloadable</c>.</summary>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="folder">Where the new code is; null for where the plugin is installed.</param>
    /// <exception cref="DiagnosticException">The new code is broken or cannot take over; the code that ran goes
    /// on.</exception>
    public Task<ReloadReport> Reload(string plugin, string? folder = null) => reloader.ReloadAsync(plugin, folder);

    /// <summary>Saves everything to a file and goes on as before.</summary>
    public Task Save(string file) => machine.SaveAsync(file);

    /// <summary>Waits until the VM has ended by itself.</summary>
    /// <exception cref="VmTestException">It does not within the setup's patience.</exception>
    public async Task<MachineOutcome> WaitForEnd()
    {
        try
        {
            return await machine.Completion.WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Failure($"the VM did not end within {patience} of host time");
        }
    }

    /// <summary>Ends the VM, whatever it does, and gives back all that it took.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(machine.Dispose).ConfigureAwait(false);
        File.Delete(listFile);
    }

    internal Task<MachineOutcome> Completion => machine.Completion;

    internal VmTime Time => machine.Clock.Now;

    /// <summary>An exception that shows what was seen last.</summary>
    internal VmTestException Failure(string problem) => new(
        $"{problem}\n--- the end of the serial line, at {Now} of virtual time ---\n{Serial.Tail}\n--- the log ---\n"
        + string.Join('\n', Log.TakeLast(20)));

    /// <summary>Looks at all counters and insides while the machine stands still.</summary>
    internal async Task<InspectedPart> Inspect()
    {
        bool isRunning = machine.State == MachineState.Running;
        if (isRunning)
        {
            await machine.PauseAsync().ConfigureAwait(false);
        }

        InspectedPart root = new();
        machine.Inspect(root);
        if (isRunning)
        {
            await machine.ResumeAsync().ConfigureAwait(false);
        }

        return root;
    }

    private static string WriteList(VmSetup setup)
    {
        string installation = TestInstallation.Find(setup.Installation);
        string file = Path.Combine(Path.GetTempPath(), $"hv-testing-{Guid.NewGuid():n}.json");
        using FileStream stream = File.Create(file);
        using Utf8JsonWriter json = new(stream);
        json.WriteStartObject();
        json.WriteStartArray("plugins");
        foreach (string folder in setup.Plugins.Prepend(Path.Combine(installation, "plugins", "*")))
        {
            json.WriteStartObject();
            json.WriteString("path", folder);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return file;
    }
}

/// <summary>Something that a test waited for did not happen; the message shows what did.</summary>
public sealed class VmTestException(string message) : Exception(message);
