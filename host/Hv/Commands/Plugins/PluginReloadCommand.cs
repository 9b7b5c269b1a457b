using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Hv.Control;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin reload</c>: replaces a plugin's code under a running guest.</summary>
internal static class PluginReloadCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var plugin = new Argument<string?>("PLUGIN")
        {
            Description = "id of the plugin, as in hv plugin list; with --watch the folder's own when not given",
            Arity = ArgumentArity.ZeroOrOne,
        };
        plugin.CompletionSources.Add(context => global.OpenCatalog(context.ParseResult).Plugins
            .Where(p => p.ProvidesOnlyDevices).Select(p => new CompletionItem(p.Name)));
        var vm = new Option<string?>(
            "--vm") { Description = "the VM, when more than one is running", HelpName = "NAME" };
        vm.CompletionSources.Add(
            _ => ControlDirectory.List(Installation.RuntimeDirectory).Select(n => new CompletionItem(n)));
        var path = new Option<string?>(
            "--path") { Description = "folder of the new code, instead of where the plugin is installed",
                HelpName = "FOLDER" };
        var watch = new Option<string?>("--watch")
        {
            Description = "replace it each time that a build changes this folder, until interrupted",
            HelpName = "FOLDER",
        };

        var command = new Command(
            "reload", "Replaces a plugin's code under a guest that hv run --reloadable runs.") { plugin, vm, path,
                watch };
        command.SetAction((parsed, cancel) => Run(
            parsed.GetValue(plugin), parsed.GetValue(vm), parsed.GetValue(path), parsed.GetValue(watch),
                parsed.GetValue(global.Json), cancel));
        return command;
    }

    private static async Task<int> Run(
        string? plugin, string? vm, string? path, string? watch, bool isJson, CancellationToken cancel)
    {
        if (plugin is null && watch is null)
        {
            return Failure.Report(
                [new Diagnostic(Codes.BadUsage, Place.Of("PLUGIN"), "no plugin is named",
                    "hv plugin list has their ids")], isJson);
        }

        if (path is not null && watch is not null)
        {
            return Failure.Report(
                [new Diagnostic(Codes.BadUsage, Place.Of("--path"), "--watch names the folder already",
                    "leave --path out")], isJson);
        }

        using ControlClient client = ControlClient.Connect(Installation.RuntimeDirectory, vm);
        if (watch is not null)
        {
            return await Watch(client, plugin ?? IdIn(watch), Path.GetFullPath(watch), isJson, cancel).ConfigureAwait(
                false);
        }

        Report(await Reload(client, plugin!, path is null ? null : Path.GetFullPath(path), cancel).ConfigureAwait(
            false), isJson);
        return ExitCodes.Success;
    }

    private static async Task<int> Watch(
        ControlClient client, string plugin, string folder, bool isJson, CancellationToken cancel)
    {
        using var watcher = new BuildWatcher(folder);
        if (!isJson)
        {
            Console.Out.WriteLine($"watching {folder} for {plugin} in the VM '{client.Name}'; Ctrl-C ends");
        }

        while (true)
        {
            await watcher.NextBuildAsync(cancel).ConfigureAwait(false);
            try
            {
                Report(await Reload(client, plugin, folder, cancel).ConfigureAwait(false), isJson);
            }
            catch (DiagnosticException e) when (e.Diagnostics[0].Code != Codes.NoSuchMachine)
            {
                // The old code runs on; the next build may be better.
                _ = Failure.Report(e.Diagnostics, isJson);
            }
        }
    }

    private static Task<ReloadInfo> Reload(
        ControlClient client, string plugin, string? folder, CancellationToken cancel) =>
        client.CallAsync<ReloadInfo>(Methods.ReloadPlugin, new ReloadRequest(plugin, folder), cancel);

    private static string IdIn(string folder)
    {
        var bag = new DiagnosticBag();
        return PluginManifest.Read(Path.Combine(folder, PluginManifest.FileName), bag)?.Id
            ?? throw new DiagnosticException(bag.Items);
    }

    private static void Report(ReloadInfo done, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("plugin", done.Plugin);
                json.WriteString("oldVersion", done.OldVersion);
                json.WriteString("newVersion", done.NewVersion);
                json.WriteStartArray("devices");
                foreach (string device in done.Devices)
                {
                    json.WriteStringValue(device);
                }

                json.WriteEndArray();
                json.WriteNumber("preparationMs", done.PreparationMs);
                json.WriteNumber("blackoutMs", done.BlackoutMs);
                json.WriteNumber("contextsInMemory", done.ContextsInMemory);
                json.WriteEndObject();
            });
            return;
        }

        string version = done.OldVersion.Length == 0 || done.OldVersion == done.NewVersion
            ? done.NewVersion : $"{done.OldVersion} -> {done.NewVersion}";
        string devices = done.Devices.Count == 0 ? "no device of this VM" : string.Join(", ", done.Devices);
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{DateTime.Now:HH:mm:ss} {done.Plugin} {version}: {devices}; the guest stood still for {done.BlackoutMs:0.0} ms"
            + $" (prepared in {done.PreparationMs:0} ms)"));
        if (done.ContextsInMemory > PluginReloader.MostWaitingContexts)
        {
            Console.Out.WriteLine($"         {done.ContextsInMemory} replaced versions stay in memory: a thread, a timer or an event of a "
                + "static class leads to them");
        }
    }
}
