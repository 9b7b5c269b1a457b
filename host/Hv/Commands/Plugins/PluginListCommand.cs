using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;
using Spectre.Console;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin list</c>.</summary>
internal static class PluginListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var command = new Command("list", "Lists the installed plugins; loads none of them.");
        command.SetAction(parsed => Run(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));
        return command;
    }

    private static int Run(PluginCatalog catalog, bool isJson)
    {
        Diagnostic[] problems = [.. catalog.ListProblems, .. catalog.Plugins.SelectMany(p => p.Problems)];
        if (isJson)
        {
            PluginListing.WriteJson(catalog, p => p.Problems);
            return problems.Length == 0 ? ExitCodes.Success : ExitCodes.HostFailure;
        }

        Table table = Tables.New("PLUGIN", "VERSION", "STATE", "FROM", "PROVIDES", "EXPERIMENTAL");
        foreach (InstalledPlugin plugin in catalog.Plugins)
        {
            string state = !plugin.IsEnabled ? "off" : plugin.Problems.Count > 0 ? "broken" : "ok";
            string provides = string.Join(", ", plugin.Manifest?.Provides.Select(p => $"{p.Kind} {p.Name}") ?? []);
            string experimental = string.Join(", ", plugin.Manifest?.Experimental ?? []);
            table.AddRow(Tables.Cells(plugin.Name, plugin.Manifest?.Version ?? "", state, Origin(plugin), provides,
                experimental));
        }

        Tables.Write(table);
        return problems.Length == 0 ? ExitCodes.Success : Failure.Report(problems, isJson);
    }

    /// <summary>Who has it: the installation, the user, a list or folder that a flag names.</summary>
    private static string Origin(InstalledPlugin plugin) => plugin.Entry switch
    {
        { IsOverride: true } => "flag",
        { Place.Source: var list } when list == Installation.PluginList => "installation",
        { Place.Source: var list } when list == Installation.UserPluginList => "you",
        var entry => Path.GetFileName(entry.Place.Source),
    };
}
