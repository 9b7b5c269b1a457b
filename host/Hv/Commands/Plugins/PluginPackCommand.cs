using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin pack</c>: makes one file of a built plugin.</summary>
internal static class PluginPackCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        Argument<string> plugin = PluginTarget.Argument(global);
        var output = new Option<string?>("--output", "-o")
        {
            Description = "the package, or the folder for it; ID.VERSION.nupkg here when not given",
            HelpName = "F",
        };
        var command = new Command("pack", "Makes a package of a built plugin, which hv plugin add takes.") { plugin, output };
        command.SetAction(parsed =>
        {
            using var target = PluginTarget.Open(global, parsed, parsed.GetRequiredValue(plugin));
            IReadOnlyList<Diagnostic> problems = PluginInspection.Problems(target.Catalog, target.Plugin);
            if (problems.Count > 0)
            {
                return Failure.Report(problems, parsed.GetValue(global.Json));
            }

            string path = PathFor(parsed.GetValue(output) ?? ".", target.Plugin.Manifest!);
            string temporary = $"{path}.{Environment.ProcessId}.tmp";
            using (FileStream file = File.Create(temporary))
            {
                PluginPackage.Pack(target.Plugin.Folder, target.Plugin.Manifest!, file);
            }

            File.Move(temporary, path, overwrite: true);
            PluginChange.Report("packed", target.Plugin, path, parsed.GetValue(global.Json));
            return ExitCodes.Success;
        });
        return command;
    }

    private static string PathFor(string output, PluginManifest manifest) =>
        Directory.Exists(output) ? Path.Combine(output, $"{manifest.Id}.{manifest.Version}.nupkg") : output;
}
