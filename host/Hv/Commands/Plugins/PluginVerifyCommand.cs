using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin verify</c>: says each thing that is wrong with a plugin, and what to do.</summary>
internal static class PluginVerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        Argument<string> plugin = PluginTarget.Argument(global);
        var command = new Command("verify", "Says everything that would keep a plugin from working here.") { plugin };
        command.SetAction(parsed =>
        {
            using var target = PluginTarget.Open(global, parsed, parsed.GetRequiredValue(plugin));
            return Report(target.Plugin, PluginInspection.Problems(target.Catalog, target.Plugin),
                parsed.GetValue(global.Json));
        });
        return command;
    }

    private static int Report(InstalledPlugin plugin, IReadOnlyList<Diagnostic> problems, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("id", plugin.Name);
                json.WriteString("version", plugin.Manifest?.Version);
                json.WriteString("hash", plugin.Manifest is null ? null : PluginHash.Of(plugin.Folder));
                json.WritePropertyName("problems");
                JsonOutput.WriteDiagnostics(json, problems);
                json.WriteEndObject();
            });
            return problems.Count == 0 ? ExitCodes.Success : ExitCodes.HostFailure;
        }

        if (problems.Count > 0)
        {
            return Failure.Report(problems, isJson);
        }

        Console.Out.WriteLine($"{plugin.Name} {plugin.Manifest!.Version}: nothing is wrong");
        return ExitCodes.Success;
    }
}
