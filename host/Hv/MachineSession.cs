using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hv.Configuration;
using Hv.Control;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.Management;
using Hv.Supervision;
using Hv.Vmm;
using Hv.Vmm.Description;
using Hv.Vmm.Snapshots;

namespace Hv;

/// <summary>One machine from its definition to the exit code: built, shown by front-ends, ended, reported.</summary>
internal sealed class MachineSession(
    PluginCatalog catalog, VmDefinition definition, SupervisedProcess? supervised, bool hasStats, bool isJson)
{
    /// <summary>A front-end that has lost its machine has this long to put the terminal back.</summary>
    private static readonly TimeSpan FrontEndPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs it to its end.</summary>
    public int Run()
    {
        long begin = Stopwatch.GetTimestamp();
        supervised?.Describe(new RunFacts(
            definition.Machine.Name, definition.ResultFile is { } file ? Path.GetFullPath(file) : null, isJson));
        (IFrontEnd FrontEnd, OptionValues Options)[] frontEnds = [.. definition.FrontEnds.Select(Create)];
        string? saver = definition.FrontEnds.Zip(frontEnds)
            .FirstOrDefault(f => f.Second.FrontEnd is ISavingFrontEnd s && s.AsksToSave(f.Second.Options)).First?.Name;
        MachineDescription description = definition.Machine with
        {
            SavingAskedBy = saver is null ? null : $"front-end '{saver}'",
        };
        using var log = new MachineLog(definition.Machine.Name, definition.LogLevel);
        using Machine machine = new MachineBuilder(new CatalogExtensions(catalog), log).Build(description);
        using var signals = new EndSignals(machine, supervised);
        using var cancel = new CancellationTokenSource();
        Task[] shown = [.. frontEnds.Select(f => Show(f.FrontEnd, machine, f.Options, log, cancel.Token))];

        machine.Start();
        Task<ControlServer?>? control = machine.Description.IsReloadable
            ? Task.Run(() => ListenForCommands(machine, log)) : null;
        MachineOutcome outcome = machine.Completion.GetAwaiter().GetResult();
        control?.GetAwaiter().GetResult()?.Dispose();
        if (!Task.WaitAll(shown, FrontEndPatience))
        {
            cancel.Cancel();
            Task.WaitAll(shown, FrontEndPatience);
        }

        Report(machine, outcome, Stopwatch.GetElapsedTime(begin));
        return outcome.ExitCode;
    }

    /// <summary>A VM that cannot be commanded from outside runs all the same.</summary>
    private ControlServer? ListenForCommands(Machine machine, MachineLog log)
    {
        try
        {
            var server = ControlServer.Start(
                Installation.RuntimeDirectory, machine.Name,
                    new ControlService(machine, catalog, Installation.Version));
            log.Write("control", LogLevel.Info, $"listening at {server.Path}", null);
            return server;
        }
        catch (IOException e)
        {
            log.Write("control", LogLevel.Warn, $"no commands can be taken from outside: {e.Message}", null);
            return null;
        }
    }

    private (IFrontEnd FrontEnd, OptionValues Options) Create(ExtensionChoice choice)
    {
        IFrontEnd frontEnd = catalog.Create<IFrontEnd>(ExtensionKind.FrontEnd, choice.Name);
        return (frontEnd, OptionBinder.Bind(frontEnd.Options, choice.Options, $"front-end '{choice.Name}'"));
    }

    /// <summary>A front-end that fails takes its view with it, and the machine: nobody would be left to end
    /// it.</summary>
    private static async Task Show(
        IFrontEnd frontEnd, Machine machine, OptionValues options, MachineLog log, CancellationToken cancel)
    {
        try
        {
            await frontEnd.RunAsync(machine, options, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It was told to.
        }
        catch (Exception e)
        {
            log.Write("front-end", LogLevel.Error, $"{frontEnd.GetType().Name} failed: {e.Message}", e);
            machine.Quit(EndReason.HostFailure, $"the front-end {frontEnd.GetType().Name} failed: {e.Message}");
        }
    }

    private void Report(Machine machine, MachineOutcome outcome, TimeSpan elapsed)
    {
        if (definition.ResultFile is { } file)
        {
            string temporary = $"{file}.{Environment.ProcessId}.tmp";
            using (FileStream stream = File.Create(temporary))
            {
                JsonOutput.Write(stream, json => WriteResult(json, machine, outcome, elapsed));
            }

            File.Move(temporary, file, overwrite: true);
        }

        if (isJson)
        {
            JsonOutput.Write(StandardStreams.Error, json => WriteResult(json, machine, outcome, elapsed));
        }
        else if (outcome.ExitCode != ExitCodes.Success && outcome.Reason != EndReason.ExitPort)
        {
            Console.Error.WriteLine($"hv: {outcome.Message}");
        }

        if (hasStats && !isJson)
        {
            machine.Inspect(new StatisticsWriter(Console.Error));
        }
    }

    private void WriteResult(Utf8JsonWriter json, Machine machine, MachineOutcome outcome, TimeSpan elapsed)
    {
        json.WriteStartObject();
        json.WriteString("vm", machine.Name);
        json.WriteString("reason", JsonNamingPolicy.KebabCaseLower.ConvertName(outcome.Reason.ToString()));
        json.WriteString("message", outcome.Message);
        json.WriteNumber("exitCode", outcome.ExitCode);
        json.WriteNumber("virtualNs", machine.Clock.Now.Nanoseconds);
        json.WriteNumber("hostSeconds", Math.Round(elapsed.TotalSeconds, 3));
        FaultReport.Write(json, machine.Faults);
        if (machine.StateHashes.Count > 0)
        {
            json.WriteStartArray("stateHashes");
            foreach (StateHash hash in machine.StateHashes) json.WriteStringValue(
                hash.Hash.ToString("x16", CultureInfo.InvariantCulture));
            json.WriteEndArray();
        }

        if (hasStats)
        {
            json.WriteStartObject("statistics");
            machine.Inspect(new JsonStatistics(json));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
